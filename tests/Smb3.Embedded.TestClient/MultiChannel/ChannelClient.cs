using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// A client whose one session uses several connections at the same time, as multi-channel clients do: it asks the server where else it
/// can be reached, binds the session there, spreads a file's blocks over all channels, and sends again what a channel that died had
/// under way (MS-SMB2 3.2.4.1.6 and 3.2.4.20.8).
/// </summary>
public sealed class ChannelClient : IAsyncDisposable
{
    private const int BlockSize = 1 << 20;
    private const int CreditsOfAChannel = 128;

    private readonly SmbTestClientOptions _options = new()
    {
        ClientGuid = Guid.NewGuid(),
        Dialects = [Smb2Dialect.Smb311],
    };

    private readonly int _port;
    private readonly string _user;
    private readonly string _password;
    private readonly int _wanted;
    private readonly Action<string> _tell;
    private readonly ConcurrentDictionary<SmbTestConnection, EndPoint> _channels = new();
    private readonly ConcurrentBag<SmbTestConnection> _lost = [];
    private SmbTestTree? _tree;
    private int _sequence;

    private ChannelClient(int port, string user, string password, int channels, Action<string> tell) =>
        (_port, _user, _password, _wanted, _tell) = (port, user, password, channels, tell);

    /// <summary>How many channels are alive.</summary>
    public int Channels => _channels.Count;

    private SmbTestTree Tree => _tree!;

    /// <summary>Logs on at <paramref name="server"/> and opens as many channels as are wanted, where the server says.</summary>
    public static async Task<ChannelClient> ConnectAsync(
        IPEndPoint server, string share, string user, string password, int channels, Action<string> tell)
    {
        var client = new ChannelClient(server.Port, user, password, channels, tell);
        try
        {
            var connection = await client.OpenAsync(server);
            var session = await connection.LogOnAsync(user, password);
            client._channels[connection] = server;
            client._tree = await session.ConnectAsync(share);
            tell($"logged on at {server}");
            await client.OpenChannelsAsync();
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens channels until there are as many as are wanted, spread evenly over the addresses that the server names.</summary>
    /// <returns>How many there are now.</returns>
    public async Task<int> OpenChannelsAsync()
    {
        var addresses = await AddressesAsync();
        while (_channels.Count < _wanted && addresses.Count > 0)
        {
            var used = _channels.Values.OfType<IPEndPoint>().Select(endPoint => endPoint.Address).ToList();
            var next = addresses.MinBy(address => used.Count(address.Equals))!;
            var target = new IPEndPoint(next, _port);
            try
            {
                var connection = await OpenAsync(target);
                await connection.NegotiateAsync();
                await Tree.Session.BindAsync(connection, _user, _password);
                _channels[connection] = target;
                _tell($"channel {_channels.Count} goes to {target}");
            }
            catch (Exception e) when (e is SocketException or TimeoutException or EndOfStreamException or OperationCanceledException)
            {
                _tell($"no channel to {target}: {e.Message}");
                addresses.Remove(next);
            }
        }

        return _channels.Count;
    }

    /// <summary>Writes a file of random blocks over all channels.</summary>
    /// <param name="name">The file.</param>
    /// <param name="blocks">MiB.</param>
    /// <param name="progress">Told how many blocks are done after each.</param>
    /// <returns>Its SHA-256.</returns>
    public async Task<string> WriteAsync(string name, int blocks, Action<int> progress)
    {
        var file = await CreateAsync(name);
        var content = Enumerable.Range(0, blocks).Select(_ => RandomNumberGenerator.GetBytes(BlockSize)).ToArray();
        await TransferAsync(
            blocks, i => file.WriteRequest((ulong)i * BlockSize, content[i]), static (_, _) => { }, progress);
        await CallAsync(file.Tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        return HashOf(content);
    }

    /// <summary>Reads a file over all channels.</summary>
    /// <returns>Its SHA-256.</returns>
    public async Task<string> ReadAsync(string name, int blocks, Action<int> progress)
    {
        var file = await CreateAsync(name);
        var content = new byte[blocks][];
        await TransferAsync(
            blocks, i => file.ReadRequest((ulong)i * BlockSize, BlockSize),
            (i, response) => content[i] = ReadAnswer.Parse(response.Message).Data, progress);
        await CallAsync(file.Tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        return HashOf(content);
    }

    /// <summary>Logs off, and closes every connection, those of lost channels too.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _channels.Keys.Concat(_lost))
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>Closes the connections of channels that were given up.</summary>
    public async Task ForgetLostAsync()
    {
        while (_lost.TryTake(out var connection))
        {
            await connection.DisposeAsync();
        }
    }

    private static string HashOf(byte[][] blocks)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var block in blocks)
        {
            hash.AppendData(block);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<SmbTestConnection> OpenAsync(IPEndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await socket.ConnectAsync(server, patience.Token);
            return new SmbTestConnection(new TcpTransportConnection(socket), _options);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>FSCTL_QUERY_NETWORK_INTERFACE_INFO: the addresses at which the server can be reached.</summary>
    private async Task<List<IPAddress>> AddressesAsync()
    {
        var response = await CallAsync(Tree.Request(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.QueryNetworkInterfaceInfo, SmbTestFile.Previous, []), 65536));
        var list = IoctlAnswer.Parse(response.Expect(NtStatus.Success).Message).Output;
        var found = new List<IPAddress>();
        for (var at = 0; at + NetworkInterfaceInfo.EntrySize <= list.Length; at += NetworkInterfaceInfo.EntrySize)
        {
            if (NetworkInterfaceInfo.ReadAddress(list.AsSpan(at)) is { } address)
            {
                found.Add(address);
            }
        }

        _tell("the server can be reached at " + string.Join(", ", found));
        return found;
    }

    private async Task<SmbTestFile> CreateAsync(string name)
    {
        var response = await CallAsync(Tree.Request(Smb2Command.Create, RequestBody.Create(name)));
        return new SmbTestFile(Tree, CreateAnswer.Parse(response.Expect(NtStatus.Success).Message));
    }

    /// <summary>One request on any channel that answers.</summary>
    private async Task<SmbTestResponse> CallAsync(SmbTestRequest request)
    {
        while (true)
        {
            var connection = _channels.Keys.FirstOrDefault() ?? throw new EndOfStreamException("No channel is left.");
            try
            {
                return await connection.CallAsync(request with { ChannelSequence = (ushort)Volatile.Read(ref _sequence) });
            }
            catch (Exception e) when (e is EndOfStreamException or TimeoutException)
            {
                Lose(connection, e.Message);
            }
        }
    }

    private async Task TransferAsync(
        int blocks, Func<int, SmbTestRequest> request, Action<int, SmbTestResponse> done, Action<int> progress)
    {
        var transfer = new BlockTransfer(blocks, request, done, progress);
        await Task.WhenAll(_channels.Keys.Select(connection => ServeAsync(connection, transfer)));
        if (!transfer.IsDone)
        {
            throw new EndOfStreamException("No channel is left.");
        }
    }

    private async Task ServeAsync(SmbTestConnection connection, BlockTransfer transfer)
    {
        try
        {
            await connection.EnsureCreditsAsync(CreditsOfAChannel);
            await transfer.RunAsync(connection, () => (ushort)Volatile.Read(ref _sequence));
        }
        catch (Exception e) when (e is EndOfStreamException or TimeoutException)
        {
            Lose(connection, e.Message);
        }
    }

    /// <summary>From here on what the server still gets over this channel is stale, and what was under way is sent again as a replay.</summary>
    private void Lose(SmbTestConnection connection, string why)
    {
        if (_channels.TryRemove(connection, out var target))
        {
            Interlocked.Increment(ref _sequence);
            _lost.Add(connection);
            _tell($"channel to {target} lost ({why}); {_channels.Count} left");
        }
    }
}
