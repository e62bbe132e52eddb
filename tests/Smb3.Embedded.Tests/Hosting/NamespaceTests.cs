using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>Namespaces of a server as its host adds, changes and removes them.</summary>
public sealed class NamespaceTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly SmbServer _server;
    private InMemoryTransport _transport = new();
    private SmbTestConnection? _client;

    public NamespaceTests()
    {
        var options = new SmbServerOptions();
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = SmbShareOptions.Memory });
        options.Namespaces.Add(new SmbNamespaceOptions { Name = "corp" }.Link("docs", @"\\srv\docs").Link(@"a\b", "//srv/b"));
        options.Users.Add("u", "pw");
        _server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
    }

    public Task InitializeAsync() => _server.StartAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_builder_adds_namespaces_with_links()
    {
        var builder = SmbServer.CreateBuilder();
        builder.AddNamespace("corp").Link("docs", @"\\srv\docs", @"\\srv2\docs").Link("plans", link => link.LeadsToNamespace = true);
        builder.AddNamespace("other", space => space.Link("x", @"\\srv\x")).AddUser("u", "pw");
        var refused = Assert.Throws<OptionsValidationException>(() => builder.Build());
        Assert.Contains("link 'plans' leads nowhere", Assert.Single(refused.Failures), StringComparison.Ordinal);

        builder = SmbServer.CreateBuilder();
        builder.AddNamespace("corp").Link("docs", @"\\srv\docs", @"\\srv2\docs");
        builder.AddNamespace("other", space => space.Link("x", @"\\srv\x"));
        await using var server = builder.Build();
        Assert.Equal(["corp", "other"], server.Namespaces.Select(space => space.Name));
        Assert.Equal([@"\\srv\docs", @"\\srv2\docs"], server.Namespaces.First().Links[0].Targets.Select(target => target.Path));
    }

    [Fact]
    public async Task A_namespace_is_a_share_with_its_links()
    {
        Assert.True(_server.Shares.Single(share => share.Name == "corp") is { IsNamespace: true, Folder: null, ReadOnly: true });
        Assert.False(_server.Shares.Single(share => share.Name == "s").IsNamespace);
        var tree = await ConnectAsync();
        Assert.Equal([@"\srv\docs"], await ReferAsync(tree, @"\server\corp\docs"));
        Assert.Equal([@"\srv\b"], await ReferAsync(tree, @"\server\corp\A\B\c"));
        await _server.StopAsync();
        await _server.StartAsync();
        tree = await ConnectAsync();
        Assert.Equal([@"\srv\docs"], await ReferAsync(tree, @"\server\corp\docs"));
    }

    [Fact]
    public async Task Links_that_change_end_nothing_and_are_seen_at_once()
    {
        var tree = await ConnectAsync();
        var root = await tree.OpenAsync(string.Empty, CreateDisposition.Open, FileAccessMask.FileGenericRead);
        var watch = await tree.Session.Connection.SendAsync(tree.Request(
            Smb2Command.ChangeNotify, RequestBody.ChangeNotify(root.FileId, ChangeFilter.DirectoryName)));
        Assert.Equal([".", "..", "a", "docs"], await ListAsync(root));

        var corp = Assert.Single(_server.Namespaces);
        corp.Links.RemoveAt(1);
        corp.Links[0].Targets[0].Path = @"\\srv2\docs";
        corp.Link("new", @"\\srv\new");
        Assert.Equal([@"\srv\docs"], await ReferAsync(tree, @"\server\corp\docs")); // a copy
        await _server.Namespaces.ChangeAsync(corp);

        Assert.Equal([@"\srv2\docs"], await ReferAsync(tree, @"\server\corp\docs"));
        Assert.Equal([@"\srv\new"], await ReferAsync(tree, @"\server\corp\new\x"));
        Assert.Equal([".", "..", "docs", "new"], await ListAsync(root));
        var told = OutputBufferAnswer.Parse((await watch.ResponseAsync()).Expect(NtStatus.Success).Message);
        Assert.Contains((ChangeAction.Removed, "a"), ListReader.Changes(told.Buffer));
        Assert.Equal(1, _server.Shares.Single(share => share.Name == "corp").CurrentUses);
        Assert.Equal(2, Assert.Single(_server.Namespaces).Links.Count);
    }

    [Fact]
    public async Task Anything_else_that_changes_ends_what_used_it()
    {
        var tree = await ConnectAsync();
        var corp = Assert.Single(_server.Namespaces);
        corp.Comment = "new";
        await _server.Namespaces.ChangeAsync(corp);
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync(string.Empty));
        Assert.Equal("new", Assert.Single(_server.Namespaces).Comment);
        Assert.Equal([@"\srv\docs"], await ReferAsync(await tree.Session.ConnectAsync("corp"), @"\server\corp\docs"));
    }

    [Fact]
    public async Task Namespaces_come_and_go_while_the_server_runs()
    {
        var tree = await ConnectAsync();
        await _server.Namespaces.AddAsync(new SmbNamespaceOptions { Name = "more" }.Link("x", @"\\srv\x"));
        Assert.Equal([@"\srv\x"], await ReferAsync(tree, @"\server\more\x"));
        Assert.True(await _server.Namespaces.RemoveAsync("MORE"));
        Assert.False(await _server.Namespaces.RemoveAsync("more"));
        Assert.Equal(NtStatus.NotFound, (await AskAsync(tree, @"\server\more\x")).Status);
        Assert.False(await _server.Namespaces.RemoveAsync("s")); // a share, and no namespace
        Assert.True(_server.Shares.Contains("s"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _server.Namespaces.AddAsync(new SmbNamespaceOptions { Name = "S" }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _server.Namespaces.AddAsync(new SmbNamespaceOptions { Name = "CORP" }));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _server.Namespaces.AddAsync(new SmbNamespaceOptions { Name = "g", AllowGuest = true }));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => _server.Namespaces.AddAsync(new SmbNamespaceOptions { Name = "n" }.Link("x", "srv")));
        Assert.StartsWith("Namespace 'n':Links:0:Targets:0: 'srv' is not a target", Assert.Single(refused.Failures), StringComparison.Ordinal);
        Assert.True(await _server.Shares.RemoveAsync("corp"));
        Assert.Empty(_server.Namespaces);
        Assert.Equal(NtStatus.NetworkNameDeleted, await tree.TryOpenAsync(string.Empty));
    }

    [Fact]
    public async Task A_target_that_is_offline_is_not_named()
    {
        var tree = await ConnectAsync();
        var corp = Assert.Single(_server.Namespaces);
        corp.Links[0].Targets.Add(new SmbNamespaceTarget { Path = @"\\srv2\docs", PriorityRank = 1 });
        await _server.Namespaces.ChangeAsync(corp);
        Assert.Equal([@"\srv\docs", @"\srv2\docs"], await ReferAsync(tree, @"\server\corp\docs"));
        corp.Links[0].Targets[0].IsOnline = false;
        await _server.Namespaces.ChangeAsync(corp);
        Assert.Equal([@"\srv2\docs"], await ReferAsync(tree, @"\server\corp\docs"));
    }

    private static async Task<IEnumerable<string>> ListAsync(SmbTestFile directory)
    {
        var response = await directory.Tree.CallAsync(Smb2Command.QueryDirectory, RequestBody.QueryDirectory(
            directory.FileId, "*", FileInformationClass.FileNamesInformation, QueryDirectoryFlags.RestartScans));
        return ListReader.Directory(
            FileInformationClass.FileNamesInformation, OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer)
            .Select(file => file.Name);
    }

    private static Task<SmbTestResponse> AskAsync(SmbTestTree tree, string path) => tree.CallAsync(
        Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.DfsGetReferrals, SmbTestFile.Previous, FsctlInput.Referrals(path)));

    private static async Task<IEnumerable<string>> ReferAsync(SmbTestTree tree, string path) => DfsReferralAnswer.Parse(
        IoctlAnswer.Parse((await AskAsync(tree, path)).Expect(NtStatus.Success).Message).Output).Targets;

    private async Task<SmbTestTree> ConnectAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        _client = new SmbTestConnection(_transport.Connect());
        return await (await _client.LogOnAsync("u", "pw")).ConnectAsync("corp");
    }
}
