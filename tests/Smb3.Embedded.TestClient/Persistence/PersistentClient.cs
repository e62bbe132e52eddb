using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// A client with one file open by a persistent handle, which it takes up again whenever the server has lost its connection or its process: as
/// MS-SMB2 3.2.4.4 has clients do, it sends what was not answered once more, so that its caller notices nothing but a pause.
/// </summary>
public sealed class PersistentClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long one of several servers may be silent.</summary>
    private static readonly TimeSpan ServerPatience = TimeSpan.FromSeconds(3);

    private readonly IReadOnlyList<IPEndPoint> _servers;
    private readonly string _share;
    private readonly string _user;
    private readonly string _password;
    private readonly Action<string> _tell;
    private readonly Guid _createGuid = Guid.NewGuid();
    private readonly SmbTestClientOptions _options = new() { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] };
    private string _name = string.Empty;
    private SmbTestFile? _file;
    private int _at;
    private long _answered = Stopwatch.GetTimestamp();

    /// <param name="server">Where the server is, or will be.</param>
    /// <inheritdoc cref="PersistentClient(IReadOnlyList{IPEndPoint}, string, string, string, Action{string})"/>
    public PersistentClient(IPEndPoint server, string share, string user, string password, Action<string> tell)
        : this([server], share, user, password, tell)
    {
    }

    /// <param name="servers">Where the servers are, of which one has the share.</param>
    /// <param name="share">A continuously available share.</param>
    /// <param name="user">The user.</param>
    /// <param name="password">The user's password.</param>
    /// <param name="tell">Told what happens to the connection.</param>
    public PersistentClient(IReadOnlyList<IPEndPoint> servers, string share, string user, string password, Action<string> tell) =>
        (_servers, _share, _user, _password, _tell) = (servers, share, user, password, tell);

    /// <summary>The longest time between two answers since the file was opened, or since this was set to zero.</summary>
    public TimeSpan LongestGap { get; set; }

    private SmbTestFile File => _file ?? throw new InvalidOperationException("No file is open.");

    /// <summary>Opens a file, made if necessary, that others may use at the same time.</summary>
    /// <exception cref="SmbTestException">The server refuses, or grants no persistent handle.</exception>
    public async Task OpenAsync(string name)
    {
        _name = name;
        var tree = await ConnectAsync();
        var body = RequestBody.Create(
            name, contexts: (ref CreateContextWriter writer) =>
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, _createGuid)));
        var answer = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message);
        if (answer.Find(CreateContextName.DurableHandleRequestV2) is not { } granted || (granted[4] & (uint)DurableHandleFlags.Persistent) == 0)
        {
            throw new SmbTestException("The handle is not persistent.");
        }

        _file = new SmbTestFile(tree, answer);
        _answered = Stopwatch.GetTimestamp();
    }

    /// <summary>Locks a range for this handle alone.</summary>
    /// <returns>Whether it got it; false while somebody else has it.</returns>
    public async Task<bool> TryLockAsync(long offset, long length)
    {
        var status = await CallAsync(
            file => file.LockRequest((ulong)offset, (ulong)length, LockFlags.Exclusive | LockFlags.FailImmediately),
            static response => response.Status);
        return status switch
        {
            NtStatus.Success => true,
            NtStatus.LockNotGranted => false,
            _ => throw new SmbTestException($"LOCK was answered with {status}.") { Status = status },
        };
    }

    /// <summary>Writes at an offset; when it returns, the data survives whatever becomes of the server.</summary>
    public Task WriteAsync(long offset, byte[] data) =>
        CallAsync(file => file.WriteRequest((ulong)offset, data), static response => response.Expect(NtStatus.Success));

    /// <summary>Reads at an offset.</summary>
    public Task<byte[]> ReadAsync(long offset, int length) => CallAsync(
        file => file.ReadRequest((ulong)offset, (uint)length), static response => ReadAnswer.Parse(response.Expect(NtStatus.Success).Message).Data);

    /// <summary>Closes the file, and its locks with it.</summary>
    public async Task CloseAsync()
    {
        await CallAsync(
            static file => file.Tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)), static response => response.Expect(NtStatus.Success));
        _file = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_file is { } file)
        {
            await file.Tree.Session.Connection.DisposeAsync();
        }
    }

    private async Task<T> CallAsync<T>(Func<SmbTestFile, SmbTestRequest> request, Func<SmbTestResponse, T> read)
    {
        while (true)
        {
            SmbTestResponse response;
            try
            {
                response = await File.Tree.Session.CallAsync(request(File)).WaitAsync(_servers.Count == 1 ? Patience : ServerPatience);
                if (response.Status is NtStatus.NetworkNameDeleted or NtStatus.UserSessionDeleted)
                {
                    throw new EndOfStreamException("The share is not here any more.");
                }
            }
            catch (Exception e) when (IsLoss(e))
            {
                // One that is silent accepts connections as if it were well.
                _at = e is TimeoutException ? (_at + 1) % _servers.Count : _at;
                await ComeBackAsync();
                continue;
            }

            Answered();
            return read(response);
        }
    }

    private void Answered()
    {
        var now = Stopwatch.GetTimestamp();
        var gap = Stopwatch.GetElapsedTime(_answered, now);
        LongestGap = gap > LongestGap ? gap : LongestGap;
        _answered = now;
    }

    private async Task ComeBackAsync()
    {
        var lost = Stopwatch.GetTimestamp();
        _tell("the connection is lost");
        await File.Tree.Session.Connection.DisposeAsync();
        while (true)
        {
            try
            {
                var tree = await ConnectAsync();
                var body = RequestBody.Create(_name, contexts: (ref CreateContextWriter writer) => writer.ReconnectDurableHandleV2(
                    new DurableHandleReconnectV2(File.FileId, _createGuid, DurableHandleFlags.Persistent)));
                var answer = (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
                _file = new SmbTestFile(tree, CreateAnswer.Parse(answer.Message));
                _tell($"the handle is back after {Stopwatch.GetElapsedTime(lost).TotalSeconds:0.0} s");
                return;
            }
            catch (Exception e) when (IsLoss(e) && Stopwatch.GetElapsedTime(lost) < Patience)
            {
                // lost once more
            }
        }
    }

    /// <summary>Connects to the share as soon as there is a server.</summary>
    private async Task<SmbTestTree> ConnectAsync()
    {
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            SmbTestConnection? connection = null;
            try
            {
                connection = new SmbTestConnection(await OpenSocketAsync(), _options);
                return await ConnectAsync(connection).WaitAsync(_servers.Count == 1 ? Patience : ServerPatience);
            }
            catch (Exception e) when ((IsLoss(e) || IsElsewhere(e)) && Stopwatch.GetElapsedTime(started) < Patience)
            {
                if (connection is not null)
                {
                    await connection.DisposeAsync();
                }

                _at = (_at + 1) % _servers.Count;
                await Task.Delay(100 / _servers.Count);
            }
        }
    }

    private async Task<SmbTestTree> ConnectAsync(SmbTestConnection connection) => await (await connection.LogOnAsync(_user, _password)).ConnectAsync(_share);

    private async Task<TcpTransportConnection> OpenSocketAsync()
    {
        var server = _servers[_at];
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var patience = new CancellationTokenSource(_servers.Count == 1 ? TimeSpan.FromSeconds(5) : TimeSpan.FromSeconds(1));
            await socket.ConnectAsync(server, patience.Token);
            return new TcpTransportConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether another server may have the share.</summary>
    private bool IsElsewhere(Exception e) => _servers.Count > 1 && e is SmbTestException { Status: NtStatus.BadNetworkName or NtStatus.ShareUnavailable };

    private static bool IsLoss(Exception e) => e is IOException or SocketException or TimeoutException or ObjectDisposedException or OperationCanceledException;
}
