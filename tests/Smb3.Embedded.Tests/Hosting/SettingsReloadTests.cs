using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Reload;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Transport.InMemory;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>The configuration changes while the server runs, in every way in which people and editors change files.</summary>
public sealed class SettingsReloadTests : IAsyncLifetime, IAsyncDisposable
{
    private const string First = """
        { "Smb": { "ServerName": "ONE", "Shares": [ "s=memory:", "t=memory:" ], "Users": [ "u:pw", "v:pw" ], "Namespaces": [ "corp" ], "Limits": { "MaxConnections": 10 } } }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Lines _log = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConfigurationManager _configuration = new();
    private readonly ServiceProvider _services;
    private readonly SmbServer _server;
    private InMemoryTransport _transport = new();
    private SmbTestConnection? _client;

    public SettingsReloadTests()
    {
        Write(First);
        _configuration.AddJsonFile(File, optional: false, reloadOnChange: false);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(_configuration);
        services.AddSingleton<TimeProvider>(_time);
        services.AddLogging(logging => logging.AddProvider(_log));
        services.AddSmbServer(_configuration.GetSection("Smb"), smb => smb
            .AddUser("code", "pw")
            .AddShare("held", _ => new MemoryFileStore())
            .Configure(options =>
            {
                options.LogonThrottle.FirstDelay = options.LogonThrottle.MaximumDelay = TimeSpan.Zero; // the clock stands still
                options.Transports.Add(() => _transport = new InMemoryTransport());
            }));
        _services = services.BuildServiceProvider();
        _server = _services.GetRequiredService<SmbServer>();
    }

    private string File => Path.Join(_folder.Path, "appsettings.json");

    public Task InitializeAsync() => _server.StartAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await _services.DisposeAsync();
        _configuration.Dispose();
        _folder.Delete();
    }

    [Fact]
    public async Task Shares_users_namespaces_and_limits_follow_and_what_did_not_change_stays_open()
    {
        var kept = await OpenAsync("t");
        Write("""
            { "Smb": { "ServerName": "ONE", "Shares": [ "n=memory:", "t=memory:" ], "Users": [ "u:pw", "w:pw" ], "Namespaces": [ "corp", "more" ], "Limits": { "MaxConnections": 20 } } }
            """);
        Assert.Empty(await _server.ReloadSettingsAsync());
        Assert.Equal(["corp", "held", "more", "n", "t"], _server.Shares.Select(share => share.Name));
        Assert.Equal(["code", "u", "w"], Names());
        await kept.WriteAsync(0, [1]);
        Assert.Contains(_log.All, line => line.Contains("limits", StringComparison.Ordinal));
        Assert.Equal(NtStatus.Success, await kept.Tree.Session.TryConnectAsync("n"));
    }

    [Fact]
    public async Task A_share_that_is_removed_ends_what_was_open_on_it()
    {
        var file = await OpenAsync("s");
        Write(First.Replace("\"s=memory:\", ", "", StringComparison.Ordinal));
        await _server.ReloadSettingsAsync();
        Assert.NotEqual(NtStatus.Success, await file.TryReadAsync(0, 1));
        Assert.Empty(_server.Opens);
        Assert.Equal(NtStatus.BadNetworkName, await file.Tree.Session.TryConnectAsync("s"));
    }

    [Fact]
    public async Task A_user_whose_password_has_changed_logs_on_anew_and_one_who_is_gone_cannot()
    {
        await OpenAsync("s");
        Write(First.Replace("u:pw", "u:other", StringComparison.Ordinal).Replace(", \"v:pw\"", "", StringComparison.Ordinal));
        await _server.ReloadSettingsAsync();
        await UntilAsync(() => _server.Sessions.Count == 0);
        await using var again = new SmbTestConnection(_transport.Connect());
        await again.NegotiateAsync();
        await Assert.ThrowsAsync<SmbTestException>(() => again.LogOnAsync("u", "pw"));
        await again.LogOnAsync("u", "other");
        await Assert.ThrowsAsync<SmbTestException>(() => again.LogOnAsync("v", "pw"));
        await again.LogOnAsync("code", "pw");
    }

    [Fact]
    public async Task What_needs_a_restart_is_named_once()
    {
        Write(First.Replace("ONE", "TWO", StringComparison.Ordinal));
        await _server.ReloadSettingsAsync();
        await _server.ReloadSettingsAsync();
        Assert.Single(_log.All, line => line.Contains("ServerName needs a restart", StringComparison.Ordinal));
        Write(First.Replace("ONE", "THREE", StringComparison.Ordinal).Replace("\"Limits\"", "\"State\": \"x.db\", \"Limits\"", StringComparison.Ordinal));
        await _server.ReloadSettingsAsync();
        Assert.Equal(2, _log.All.Count(line => line.Contains("ServerName needs a restart", StringComparison.Ordinal)));
        Assert.Single(_log.All, line => line.Contains("State needs a restart", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.All, line => line.Contains("x.db", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "Smb": { "Shares": [ "n=memory:" ], "Limits": { "MaxConnections": 0 } } }""", "Limits:MaxConnections")]
    [InlineData("""{ "Smb": { "Shares": [ "n=memory:" ], "Sharse": [ ] } }""", "Smb:Sharse")]
    [InlineData("""{ "Smb": { "Shares": [ "n=memory:", "N=memory:" ] } }""", "two shares")]
    public async Task Settings_that_are_invalid_change_nothing_and_say_why(string text, string why)
    {
        var file = await OpenAsync("s");
        Write(text);
        await Assert.ThrowsAsync<OptionsValidationException>(() => _server.ReloadSettingsAsync());
        Assert.Contains(_log.All, line => line.Contains("refused", StringComparison.Ordinal) && line.Contains(why, StringComparison.Ordinal));
        await file.WriteAsync(0, [1]);
        Assert.Equal(["corp", "held", "s", "t"], _server.Shares.Select(share => share.Name));
        Assert.Equal(["code", "u", "v"], Names());
    }

    [Theory]
    [InlineData("{ \"Smb\": { \"Shares\": [ \"s=mem")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_file_that_is_half_written_empty_or_gone_changes_nothing(string? text)
    {
        var file = await OpenAsync("s");
        if (text is null)
        {
            System.IO.File.Delete(File);
        }
        else
        {
            Write(text);
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => _server.ReloadSettingsAsync());
        await file.WriteAsync(0, [1]);
        Assert.Equal(["code", "u", "v"], Names());
        Assert.Contains(_log.All, line => line.Contains("cannot be had any more", StringComparison.Ordinal));
        Write(First.Replace("s=memory:", "n=memory:", StringComparison.Ordinal));
        await _server.ReloadSettingsAsync();
        Assert.True(_server.Shares.Contains("n"));
    }

    [Fact]
    public async Task A_change_is_applied_by_itself_once_it_is_quiet()
    {
        Write(First.Replace("s=memory:", "n=memory:", StringComparison.Ordinal));
        ((IConfigurationRoot)_configuration).Reload();
        _time.Advance(SettingsReload.Quiet / 2);
        Write(First.Replace("s=memory:", "m=memory:", StringComparison.Ordinal));
        ((IConfigurationRoot)_configuration).Reload();
        _time.Advance(SettingsReload.Quiet * 0.9);
        Assert.True(_server.Shares.Contains("s"));
        _time.Advance(SettingsReload.Quiet);
        await UntilAsync(() => _server.Shares.Contains("m"));
        Assert.False(_server.Shares.Contains("n"));
    }

    [Fact]
    public async Task Reloads_at_the_same_time_come_one_after_the_other_and_the_last_settings_stay()
    {
        var all = new List<Task>();
        for (var i = 0; i < 8; i++)
        {
            Write(First.Replace("s=memory:", $"n{i}=memory:", StringComparison.Ordinal));
            all.Add(_server.ReloadSettingsAsync());
            all.Add(Task.Run(() => _server.ReloadSettingsAsync()));
        }

        await Task.WhenAll(all);
        await _server.ReloadSettingsAsync();
        Assert.Equal(["corp", "held", "n7", "t"], _server.Shares.Select(share => share.Name));
    }

    [Fact]
    public async Task What_the_host_did_itself_stays_until_the_settings_say_something_new()
    {
        await _server.Shares.RemoveAsync("s");
        await _server.Shares.AddAsync("own", SmbShareOptions.Memory);
        await _server.Users.RemoveAsync("code");
        _server.Users.Add("own", "pw");
        Write(First.Replace("t=memory:", "t=memory:,readonly", StringComparison.Ordinal));
        Assert.Empty(await _server.ReloadSettingsAsync());
        Assert.Equal(["corp", "held", "own", "t"], _server.Shares.Select(share => share.Name));
        Assert.True(_server.Shares.First(share => share.Name == "t").ReadOnly);
        Assert.Equal(["own", "u", "v"], Names());
    }

    [Fact]
    public async Task A_share_that_cannot_be_opened_is_told_and_tried_again_and_the_others_are_there()
    {
        var folder = Path.Join(_folder.Path, "later");
        var text = $$"""{ "Smb": { "Users": [ "u:pw" ], "Shares": [ { "Name": "x", "Folder": "{{folder}}" }, "y=memory:" ] } }""";
        Write(text);
        Assert.Contains("does not exist", Assert.Single(await _server.ReloadSettingsAsync()), StringComparison.Ordinal);
        Assert.True(_server.Shares.Contains("y"));
        Assert.False(_server.Shares.Contains("x"));
        Directory.CreateDirectory(folder);
        Assert.Empty(await _server.ReloadSettingsAsync());
        Assert.True(_server.Shares.Contains("x"));
    }

    [Fact]
    public async Task A_server_that_ended_follows_nothing()
    {
        await _server.DisposeAsync();
        Write(First.Replace("s=memory:", "n=memory:", StringComparison.Ordinal));
        ((IConfigurationRoot)_configuration).Reload();
        _time.Advance(SettingsReload.Quiet * 4);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _server.ReloadSettingsAsync());
        Assert.False(_server.Shares.Contains("n"));
    }

    /// <summary>A setting that nobody compares would change without anybody being told.</summary>
    [Fact]
    public void Every_setting_is_live_or_needs_a_restart()
    {
        string[] live = ["Shares", "Namespaces", "Users", "Limits"];
        string[] objects = ["UserStore", "AccountResolver", "DomainLogon", "Hooks", "StateStore", "TimeProvider", "Cluster:Store", "Cluster:FenceStorage", "Witness:Source"];
        var told = SettingsText.Fixed(new SmbServerOptions()).Select(one => one.Name).ToHashSet();
        var all = Properties(typeof(SmbServerOptions)).SelectMany(property => property.PropertyType.Assembly == typeof(SmbServer).Assembly
            && property.PropertyType.IsClass && !property.CanWrite && property.Name != "Limits"
                ? Properties(property.PropertyType).Select(inner => $"{property.Name}:{inner.Name}") : [property.Name]);
        Assert.Equal(told.Concat(live).Concat(objects).Order(), all.Order());
    }

    [Fact]
    public void Every_property_of_a_share_and_of_a_namespace_counts()
    {
        foreach (var property in Properties(typeof(SmbShareOptions)).Where(property => property.Name != "Store"))
        {
            var share = new SmbShareOptions();
            Change(share, property);
            Assert.True(SettingsText.Of(share) != SettingsText.Of(new SmbShareOptions()), property.Name);
            Assert.Equal(SettingsText.Of(share), SettingsText.Of(share.Clone()));
        }

        foreach (var property in Properties(typeof(SmbNamespaceOptions)))
        {
            var space = new SmbNamespaceOptions();
            Change(space, property);
            Assert.True(SettingsText.Of(space) != SettingsText.Of(new SmbNamespaceOptions()), property.Name);
            Assert.Equal(SettingsText.Of(space), SettingsText.Of(space.Clone()));
        }
    }

    [Fact]
    public void Every_limit_is_taken_over()
    {
        foreach (var property in typeof(ServerLimits).GetProperties().Where(property => property.CanWrite))
        {
            var (changed, limits) = (new ServerLimits(), new ServerLimits());
            property.SetValue(changed, property.Name == "IdleTimeout" ? null : property.PropertyType == typeof(TimeSpan) ? TimeSpan.FromSeconds(7)
                : Convert.ChangeType(7, property.PropertyType, null));
            limits.Become(changed);
            Assert.Equal(property.GetValue(changed), property.GetValue(limits));
            Assert.NotEqual(new ServerLimits(), limits);
        }
    }

    private static void Change(object options, PropertyInfo property)
    {
        switch (property.GetValue(options))
        {
            case IDictionary<string, SmbShareAccess> access:
                access["x"] = SmbShareAccess.Read;
                break;
            case IList<SmbNamespaceLink> links:
                links.Add(new SmbNamespaceLink { Path = "x" });
                break;
            case IList<SmbNamespaceTarget> targets:
                targets.Add(new SmbNamespaceTarget { Path = @"\\x\y" });
                break;
            default:
                var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                property.SetValue(options, type switch
                {
                    _ when type == typeof(string) => "x",
                    _ when type == typeof(bool) => property.GetValue(options) is not true,
                    _ when type == typeof(int) => 7,
                    _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(7),
                    _ when type == typeof(PhysicalSnapshotOptions) => new PhysicalSnapshotOptions { Folder = "x" },
                    _ => Enum.GetValues(type).Cast<object>().Last(),
                });
                break;
        }
    }

    /// <summary>Two types have them, because sessions know nothing of options.</summary>
    [Fact]
    public void Limits_have_one_default_and_each_of_them_arrives()
    {
        Assert.Equal(new ServerLimits(), SettingsFactory.CreateLimits(new SmbServerLimits()));
        foreach (var property in Properties(typeof(SmbServerLimits)))
        {
            var changed = new SmbServerLimits();
            property.SetValue(changed, property.GetValue(changed) switch
            {
                int number => number + 1,
                long number => number + 1L,
                TimeSpan time => time * 2,
                var other => throw new InvalidOperationException($"{property.Name} is {other}"),
            });
            Assert.Equal(property.GetValue(changed), typeof(ServerLimits).GetProperty(property.Name)!.GetValue(SettingsFactory.CreateLimits(changed)));
        }
    }

    private static PropertyInfo[] Properties(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static async Task UntilAsync(Func<bool> condition)
    {
        var until = DateTime.UtcNow.AddSeconds(10);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < until);
            await Task.Delay(5);
        }
    }

    private IEnumerable<string> Names() => _server.Users.Select(user => user.Name);

    // In one piece, as reloads may be under way.
    private void Write(string text)
    {
        System.IO.File.WriteAllText(File + ".new", text);
        System.IO.File.Move(File + ".new", File, overwrite: true);
    }

    private async Task<SmbTestFile> OpenAsync(string share)
    {
        _client = new SmbTestConnection(_transport.Connect());
        await _client.NegotiateAsync();
        var tree = await (await _client.LogOnAsync("u", "pw")).ConnectAsync(share);
        return await tree.OpenAsync("file", disposition: CreateDisposition.OpenIf);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
