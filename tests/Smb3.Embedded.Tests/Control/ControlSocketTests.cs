using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Control.Asking;
using Smb3.Embedded.Control.Places;
using Smb3.Embedded.Control.Protocol;
using Smb3.Embedded.Control.Serving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire.Create;
using Xunit;

namespace Smb3.Embedded.Tests.Control;

/// <summary>The control socket of a server: what it tells, what it ends, and what it withstands.</summary>
public sealed class ControlSocketTests : IAsyncLifetime, IAsyncDisposable
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("smb3-c").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly RecordingLogger _log = new();
    private readonly SmbServer _server;
    private readonly ControlCompanion _companion;
    private InMemoryTransport _transport = new();
    private SmbTestConnection? _client;

    public ControlSocketTests()
    {
        var options = new SmbServerOptions();
        options.Transports.Add(() => _transport = new InMemoryTransport());
        options.Shares.Add(new SmbShareOptions { Name = "s", Folder = SmbShareOptions.Memory });
        options.Users.Add("u", "pw");
        _server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null);
        _companion = new ControlCompanion(SocketPath, _time, _log);
    }

    private string SocketPath => Path.Join(_folder, "c.sock");

    public async Task InitializeAsync()
    {
        await _server.StartAsync();
        await _companion.StartAsync(_server, CancellationToken.None);
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        await _companion.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_tells_who_is_there_and_ends_what_is_named()
    {
        var tree = await ConnectAsync();
        var file = await tree.OpenAsync("evil\u202Ename");

        var status = await AskAsync(new ControlRequest { Do = ControlProtocol.Status });
        var server = Assert.IsType<ControlServer>(status[0]);
        Assert.Equal((Environment.ProcessId, "Running", 1, 1), (server.ProcessId, server.State, server.Sessions, server.Files));
        Assert.Equal("s", Assert.IsType<ControlShare>(status[1]).Name);
        var session = Assert.IsType<ControlSession>(Assert.Single(await AskAsync(new ControlRequest { Do = ControlProtocol.Sessions })));
        Assert.Equal(("u", "3.1.1", 1), (session.User, session.Dialect, session.Files));
        var open = Assert.IsType<ControlFile>(Assert.Single(await AskAsync(new ControlRequest { Do = ControlProtocol.Files })));
        Assert.Equal((session.Id, "s", "evil\u202Ename", "file"), (open.Session, open.Share, open.Path, open.Kind));

        Assert.Equal([1, 0], (await EndAsync(open.Id, "f99")).Select(static ended => ended.Count));
        Assert.Equal(NtStatus.FileClosed, await file.TryReadAsync(0, 1));
        Assert.Equal([1], (await EndAsync(session.Id)).Select(static ended => ended.Count));
        Assert.Empty(_server.Sessions);
    }

    /// <summary>Not the modes alone keep others out: whoever loosens them lets nobody in.</summary>
    [RootFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Another_user_is_refused_even_where_the_folder_and_the_socket_are_open_to_all()
    {
        await ConnectAsync();
        const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(_folder, Everybody);
        File.SetUnixFileMode(SocketPath, Everybody);

        using (var socket = await OtherUser.RunAsync(OtherUser.Nobody, Connect))
        {
            Assert.Equal(string.Empty, await ReadAllAsync(socket));
        }

        Assert.Contains(_log.Entries, static entry => entry.Text.Contains($"{OtherUser.Nobody}", StringComparison.Ordinal));
        Assert.Equal(2, (await AskAsync(new ControlRequest { Do = ControlProtocol.Status })).Count);
    }

    [Fact]
    public async Task A_line_is_ascii_whatever_a_file_is_called()
    {
        await (await ConnectAsync()).OpenAsync("ä\u202E\u2028b");
        await foreach (var line in ControlClient.AskAsync(SocketPath, new ControlRequest { Do = ControlProtocol.Files }))
        {
            Assert.All(line, static c => Assert.InRange(c, ' ', '~'));
        }
    }

    [Theory]
    [InlineData("{\"version\":1,\"do\":\"nothing\"}\n")]
    [InlineData("{\"version\":2,\"do\":\"status\"}\n")]
    [InlineData("{\"do\":\"status\"}\n")]
    [InlineData("{\"version\":1}\n")]
    [InlineData("null\n")]
    [InlineData("[]\n")]
    [InlineData("\n")]
    [InlineData("\0\u00FF\n")]
    [InlineData("{\"version\":1,\"do\":\"end\"}\n")]
    [InlineData("{\"version\":1,\"do\":\"end\",\"ids\":[]}\n")]
    [InlineData("{\"version\":1,\"do\":\"end\",\"ids\":[null]}\n")]
    [InlineData("{\"version\":1,\"do\":\"end\",\"ids\":[\"\",\"s\",\"s-1\"]}\n")]
    [InlineData("{\"version\":1,\"do\":\"end\",\"ids\":[\"s18446744073709551616\"]}\n")]
    [InlineData("{\"version\":1,\"do\":\"cluster\"}\n")]
    [InlineData("{\"version\":1,\"do\":\"move\",\"share\":\"s\"}\n")]
    [InlineData("{\"version\":1,\"do\":\"drain\"}\n")]
    [InlineData("{\"version\":1,\"do\":\"fence\"}\n")]
    [InlineData("{\"version\":1,\"do\":\"unfence\",\"node\":\"n\"}\n")]
    public async Task A_request_that_means_nothing_is_refused_with_words(string request)
    {
        await ConnectAsync();
        using var socket = Connect();
        await socket.SendAsync(Encoding.UTF8.GetBytes(request));

        Assert.Contains("\"error\":\"", await ReadAllAsync(socket), StringComparison.Ordinal);
        Assert.Single(_server.Sessions);
        Assert.False(_log.HasFaults);
    }

    [Fact]
    public async Task A_request_without_end_is_refused_before_it_is_large()
    {
        using var socket = Connect();
        await socket.SendAsync(new byte[ControlProtocol.MaxRequest]);

        Assert.Contains("longer than", await ReadAllAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_ended_when_one_id_of_a_request_is_wrong()
    {
        await ConnectAsync();
        var session = _server.Sessions[0].Info.SessionId;

        await Assert.ThrowsAsync<ControlException>(() => EndAsync($"s{session}", $"{session}"));
        Assert.Single(_server.Sessions);
    }

    /// <summary>Those who ask nothing, and those who do not read what they have asked for.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_keeps_others_out_is_put_out(bool asks)
    {
        var tree = await ConnectAsync();
        if (asks)
        {
            var path = new string('a', 200);
            for (var depth = 0; depth < 5; depth++)
            {
                await tree.OpenAsync(path, options: CreateOptions.DirectoryFile);
                path = $@"{path}\{new string('b', 200)}";
            }

            for (var open = 0; open < 300; open++)
            {
                await tree.OpenAsync(path); // more than a socket takes that nobody reads
            }
        }

        var idle = new List<Socket>();
        for (var one = 0; one < ControlRun.MostAtOnce; one++)
        {
            idle.Add(Connect());
            if (asks)
            {
                await idle[^1].SendAsync("{\"version\":1,\"do\":\"files\"}\n"u8.ToArray());
            }
        }

        var asking = AskAsync(new ControlRequest { Do = ControlProtocol.Status });
        await Task.Delay(50);
        Assert.False(asking.IsCompleted);
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(31));
            await Task.WhenAny(asking, Task.Delay(1000)); // its own time is not to pass
        }

        Assert.NotEmpty(await asking);
        idle.ForEach(static socket => socket.Dispose());
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_user_may_open_the_socket() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));

    [UnixFact]
    public async Task A_socket_that_was_left_over_makes_room_and_nothing_else_does()
    {
        // The socket of a server that serves.
        var second = new ControlCompanion(SocketPath, _time, _log);
        await second.StartAsync(_server, CancellationToken.None);
        Assert.Contains(_log.Entries, static entry => entry.EventId == 2 && entry.Text.Contains("another server", StringComparison.Ordinal));
        await second.DisposeAsync();
        Assert.NotEmpty(await AskAsync(new ControlRequest { Do = ControlProtocol.Status }));

        // A file of somebody's.
        var file = Path.Join(_folder, "file");
        await File.WriteAllTextAsync(file, "precious");
        var third = new ControlCompanion(file, _time, _log);
        await third.StartAsync(_server, CancellationToken.None);
        await third.DisposeAsync();
        Assert.Equal("precious", await File.ReadAllTextAsync(file));

        // What a server that was killed leaves.
        var left = Path.Join(_folder, "left.sock");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(left + "1"));
            File.Move(left + "1", left);
        }

        var fourth = new ControlCompanion(left, _time, _log);
        await fourth.StartAsync(_server, CancellationToken.None);
        await foreach (var line in ControlClient.AskAsync(left, new ControlRequest { Do = ControlProtocol.Status }))
        {
            Assert.NotNull(ControlClient.RowOf(line));
        }

        await fourth.DisposeAsync();
        Assert.False(File.Exists(left));
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_folder_that_others_can_look_into_is_not_used()
    {
        var folder = Path.Join(_folder, "open");
        Directory.CreateDirectory(folder, FolderMode | UnixFileMode.GroupRead);
        Assert.Throws<IOException>(() => ControlSocket.OpenIn(folder));
        Assert.Throws<IOException>(() => ControlClient.FindSockets(folder));

        var link = Path.Join(_folder, "link");
        File.CreateSymbolicLink(link, Directory.CreateDirectory(Path.Join(_folder, "own"), FolderMode).FullName);
        Assert.Throws<IOException>(() => ControlSocket.OpenIn(link));
    }

    [UnixFact]
    public void Servers_of_a_process_have_sockets_of_their_own_and_what_is_left_over_is_removed()
    {
        var folder = Path.Join(_folder, "own");
        using (ControlSocket.OpenIn(folder))
        using (ControlSocket.OpenIn(folder))
        {
            File.Move(Left(folder), Path.Join(folder, "1.sock"));
            Assert.Equal(2, ControlClient.FindSockets(folder).Count);
            Assert.Equal(2, Directory.GetFileSystemEntries(folder).Length);
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData("relative")]
    [InlineData(null)]
    [InlineData("/nonexistent")]
    public void A_runtime_folder_that_is_none_is_not_used(string? runtime) =>
        Assert.DoesNotContain("nonexistent", ControlFolder.Find(runtime, "/t"), StringComparison.Ordinal);

    [Fact]
    public async Task An_answer_that_is_not_whole_is_not_taken_for_one()
    {
        using var listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = Path.Join(_folder, "half.sock");
        listening.Bind(new UnixDomainSocketEndPoint(path));
        listening.Listen();
        var asking = Assert.ThrowsAsync<ControlException>(async () =>
        {
            await foreach (var line in ControlClient.AskAsync(path, new ControlRequest { Do = ControlProtocol.Sessions }))
            {
                Assert.NotNull(line);
            }
        });
        using (var accepted = await listening.AcceptAsync())
        {
            await accepted.ReceiveAsync(new byte[1000]);
            await accepted.SendAsync("{\"row\":\"share\",\"name\":\"s\"}\n{\"rows\""u8.ToArray());
        }

        Assert.Contains("before its answer was whole", (await asking).Message, StringComparison.Ordinal);
    }

    private static string Left(string folder)
    {
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = Path.Join(folder, "x");
        dead.Bind(new UnixDomainSocketEndPoint(path));
        File.Move(path, path + "y"); // the socket would remove the file that it has made
        return path + "y";
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    private async Task<SmbTestTree> ConnectAsync()
    {
        _client = new SmbTestConnection(_transport.Connect());
        await _client.NegotiateAsync();
        return await (await _client.LogOnAsync("u", "pw")).ConnectAsync("s");
    }

    private async Task<List<ControlRow>> AskAsync(ControlRequest request)
    {
        var rows = new List<ControlRow>();
        await foreach (var line in ControlClient.AskAsync(SocketPath, request))
        {
            rows.Add(ControlClient.RowOf(line)!);
        }

        return rows;
    }

    private async Task<List<ControlEnded>> EndAsync(params string[] ids) =>
        [.. (await AskAsync(new ControlRequest { Do = ControlProtocol.End, Ids = ids })).Cast<ControlEnded>()];

    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "Windows has no modes of files." : null;
    }
}
