using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>
/// A client that finds the nodes as Linux does: it has a list of targets of DFS, which it does not ask for again, comes back to the one that it used
/// last for as long as that accepts its connections, and then tries the others in the order of the list.
/// </summary>
internal sealed class KernelClient(IReadOnlyList<TestNode> targets) : IAsyncDisposable
{
    private readonly SmbTestClientOptions _options = new()
    {
        Capabilities = new SmbTestClientOptions().Capabilities | Smb2Capabilities.Dfs,
        Dialects = [Smb2Dialect.Smb311],
    };

    private SmbTestConnection? _connection;
    private ulong _sessionId;

    /// <summary>The node at which it is.</summary>
    public TestNode? At { get; private set; }

    /// <summary>How often it was refused.</summary>
    public int Refused { get; private set; }

    /// <summary>What its tree connects were answered besides success: what programs are told as errors.</summary>
    public List<NtStatus> Errors { get; } = [];

    /// <summary>Connects to the share, wherever it takes.</summary>
    public async Task<SmbTestTree> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var session = await LogOnAsync(cancellationToken);
                var response = await TestNode.TryConnectAsync(session, "vm", TreeConnectRequestFlags.None);
                if (response.Status == NtStatus.Success)
                {
                    return new SmbTestTree(session, response.TreeId, TreeConnectAnswer.Parse(response.Message));
                }

                Errors.Add(response.Status);
                await Task.Delay(50, cancellationToken);
            }
            catch (Exception e) when (e is IOException or SocketException or SmbTestException)
            {
                await Task.Delay(1, cancellationToken);
            }
        }
    }

    /// <summary>Waits until it has lost its connection, and connects again.</summary>
    public async Task<SmbTestTree> ReconnectAsync(SmbTestTree lost, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await lost.Session.Connection.EchoAsync().WaitAsync(cancellationToken);
                await Task.Delay(1, cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return await ConnectAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task<SmbTestSession> LogOnAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        foreach (var target in targets.OrderBy(target => target != At).ToList())
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(target.Address, target.Port), cancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                Refused++;
                socket.Dispose();
                continue;
            }

            At = target;
            _connection = new SmbTestConnection(new TcpTransportConnection(socket), _options);
            var session = await _connection.LogOnAsync(TestNode.User, TestNode.Password, _sessionId);
            _sessionId = session.SessionId;
            return session;
        }

        await Task.Delay(20, cancellationToken);
        throw new IOException("Nobody listens.");
    }
}
