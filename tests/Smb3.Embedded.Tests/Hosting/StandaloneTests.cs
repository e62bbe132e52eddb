using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.CommandLine;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>A server as a program of its own: what it reads, what it hosts besides, and how it ends.</summary>
public sealed class StandaloneTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task Files_environments_and_arguments_come_one_over_the_other()
    {
        Write("appsettings.json", """{ "Smb": { "Comment": "plain", "ServerName": "FILE", "Shares": [ "a=memory:", "b=memory:" ] } }""");
        Write("appsettings.Staging.json", """{ "Smb": { "Comment": "staging" } }""");
        var builder = SmbServer.CreateBuilder(
            ["--contentRoot", _folder.Path, "--environment=Staging", "--share", "c=memory:", "--listen=127.0.0.1:0", "--Smb:ServerName=ARGS", "--log-level", "Error"]);
        Assert.True(builder.Environment.IsStaging());
        Assert.Equal("Error", builder.Configuration["Logging:LogLevel:Default"]);
        await using var server = builder.Build();
        var options = server.Shares;
        Assert.Equal(["c"], options.Select(share => share.Name)); // not c and b: a list is replaced, not mixed
        SmbServerOptions? seen = null;
        await using var other = SmbServer.CreateBuilder(["--contentRoot", _folder.Path, "--environment", "Staging", "--Smb:ServerName=ARGS"])
            .Configure(options => seen = options).Build();
        Assert.Equal(("staging", "ARGS", 2), (seen!.Comment, seen.ServerName, seen.Shares.Count));
    }

    [Fact]
    public async Task A_changed_file_is_seen_by_itself()
    {
        Write("appsettings.json", """{ "Smb": { "Shares": [ "a=memory:" ] } }""");
        await using var server = SmbServer.CreateBuilder(["--contentRoot", _folder.Path, "--listen", "127.0.0.1:0"]).Build();
        await server.StartAsync();
        Write("appsettings.json", """{ "Smb": { "Shares": [ "b=memory:" ] } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        Assert.Equal(["b"], server.Shares.Select(share => share.Name));
        Write("appsettings.json", """{ "Smb": { "Sharse": [ ] } }""");
        await Assert.ThrowsAsync<OptionsValidationException>(() => server.ReloadSettingsAsync());
        Write("appsettings.json", """{ "Smb": { "Shares": [ "c=memory:", "b=memory:" ] } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        Write("appsettings.json", """{ "Smb": { "Shares": [ "b=memory:" ] } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        Write("appsettings.json", """{ "Smb": { "Shares": [ "b=mem""");
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => server.ReloadSettingsAsync());
        Assert.Contains("appsettings.json", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["b"], server.Shares.Select(share => share.Name));
        Write("appsettings.json", """{ "Logging": { "LogLevel": { "Default": "Loud" } }, "Smb": { "Shares": [ "c=memory:" ] } }""");
        var level = await Assert.ThrowsAsync<OptionsValidationException>(() => server.ReloadSettingsAsync());
        Assert.StartsWith("Logging:LogLevel:Default: 'Loud'", Assert.Single(level.Failures), StringComparison.Ordinal);
        Assert.Equal(["b"], server.Shares.Select(share => share.Name));
    }

    [Theory]
    [InlineData(2, "--listen", "--listen", "nowhere")]
    [InlineData(2, "Smb:Nothing", "--Smb:Nothing=1")]
    [InlineData(2, "Logging:LogLevel:Smb3: 'Loud' is not known; it can be Trace, ", "--Logging:LogLevel:Smb3=Loud")]
    [InlineData(2, "Logging:Console:LogLevel:Default: 'Loud'", "--Logging:Console:LogLevel:Default=Loud")]
    [InlineData(1, "'x'", "--listen", "127.0.0.1:0", "--share", "x=/nowhere/at/all")]
    public async Task What_keeps_it_from_starting_is_an_exit_code_and_words(int code, string word, params string[] args)
    {
        var error = new StringWriter();
        var before = Console.Error;
        Console.SetError(error);
        try
        {
            Assert.Equal(code, await SmbServer.CreateBuilder(["--contentRoot", _folder.Path, "--log-level", "None", .. args]).RunAsync());
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.Contains(word, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(" at Smb3", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_JSON_is_told_when_the_server_is_built()
    {
        Write("appsettings.json", "{ \"Smb\": ");
        var refused = Assert.Throws<InvalidDataException>(() => SmbServer.CreateBuilder(["--contentRoot", _folder.Path]).Build());
        Assert.Contains(Path.Join(_folder.Path, "appsettings.json"), refused.Message, StringComparison.Ordinal);
        Assert.Equal(SmbStartProblem.BadSettings, SmbStartProblem.Find(refused)!.ExitCode);
        Assert.Null(SmbStartProblem.Find(new InvalidOperationException()));
    }

    [Fact]
    public async Task It_takes_what_other_builders_take_and_hosts_it_from_its_first_start_to_its_end()
    {
        var beside = new Beside();
        IHostApplicationBuilder builder = SmbServer.CreateBuilder(["--contentRoot", _folder.Path, "--listen", "127.0.0.1:0"]);
        builder.Services.AddHostedService(services =>
        {
            beside.Life = services.GetRequiredService<IHostApplicationLifetime>();
            return beside;
        });
        builder.Configuration.AddInMemoryCollection([new("Smb:ServerName", "ADDED")]);
        var server = ((SmbServerBuilder)builder).Build();
        await server.StartAsync();
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal((1, 0), (beside.Started, beside.Stopped));
        var ended = server.WaitForShutdownAsync();
        beside.Life!.StopApplication();
        await ended.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((1, 1), (beside.Started, beside.Stopped));
        Assert.Equal(SmbServerState.Stopped, server.State);
        await server.DisposeAsync();
        Assert.Equal((1, 1), (beside.Started, beside.Stopped));
    }

    [Fact]
    public void Every_option_is_a_setting_of_its_own()
    {
        Assert.All(SmbCommandLine.Options, option => Assert.StartsWith("--", option.Name, StringComparison.Ordinal));
        Assert.Distinct(SmbCommandLine.Options.Select(option => option.Name));
        Assert.Distinct(SmbCommandLine.Options.Select(option => option.Setting));
        foreach (var option in SmbCommandLine.Options.Where(option => option.IsOfServer))
        {
            // A setting that is not there fails in another way than a value that is wrong.
            var settings = CommandLineReader.Read([option.Name, "?"]).Settings;
            try
            {
                new SmbServerOptions().Bind(settings);
            }
            catch (OptionsValidationException e)
            {
                Assert.DoesNotContain(e.Failures, failure => failure.Contains("no such setting", StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--signing", "auto", "--signing", "auto")]
    [InlineData("--log-level", "Loud")]
    public void Arguments_that_cannot_be_meant_are_refused_by_name(params string[] args) => Assert.All(
        Assert.Throws<OptionsValidationException>(() => SmbServer.CreateBuilder(["--contentRoot", _folder.Path, .. args]).Build()).Failures,
        failure => Assert.StartsWith(args[0], failure, StringComparison.Ordinal));

    [Fact]
    public void The_arguments_of_others_are_left_to_them() =>
        Assert.Equal(["--Smb:Listen=x", "more", "--own"], CommandLineReader.Read(["--Smb:Listen=x", "--share", "a=b", "more", "--own"]).Others);

    // In one piece, as the server looks at its files while this runs.
    private void Write(string name, string text)
    {
        var file = Path.Join(_folder.Path, name);
        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }

    private sealed class Beside : IHostedService
    {
        public int Started { get; private set; }

        public int Stopped { get; private set; }

        public IHostApplicationLifetime? Life { get; set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Started++;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Stopped++;
            return Task.CompletedTask;
        }
    }
}
