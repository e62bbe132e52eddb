using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Rpc.Tcp;

/// <summary>One TCP connection of DCE/RPC (ncacn_ip_tcp, MS-RPCE 2.1.1.1): fragments follow each other in both directions.</summary>
/// <remarks>
/// A client that does not read its answers is not read from, and one that lets them pile up although it asked for them loses its connection.
/// The connection is ended by its client, by <see cref="Watch"/> or by <see cref="Abort"/>; <see cref="RunAsync"/> then releases what it held.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The source is cancelled at any time, and holds nothing but memory.")]
internal sealed class RpcTcpConnection : IRpcOutput
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Queue<ReadOnlyMemory<byte>> _unsent = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly IByteStream _stream;
    private readonly RpcTcpLimits _limits;
    private readonly RpcUnread _unread;
    private readonly RpcFragmentReader _fragments;
    private readonly RpcConnection _connection;
    private readonly TimeProvider _time;
    private readonly bool _needsAuthentication;
    private readonly long _began;
    private long _lastFragment;
    private bool _isSending;
    private bool _isClosed;
    private TaskCompletionSource? _waitsForRoom;

    /// <param name="stream">The connection; this object closes it.</param>
    /// <param name="server">The RPC runtime.</param>
    /// <param name="endpoint">What is served here.</param>
    /// <param name="security">Who proves the identity of the client.</param>
    /// <param name="quota">What the connections of the client's network hold together; this one is counted there already.</param>
    /// <param name="limits">The limits of time and of unread answers.</param>
    /// <param name="time">The clock.</param>
    public RpcTcpConnection(
        IByteStream stream,
        RpcServer server,
        RpcTcpEndpoint endpoint,
        IRpcSecurity security,
        RpcQuota quota,
        RpcTcpLimits limits,
        TimeProvider time)
    {
        _stream = stream;
        _limits = limits;
        _unread = new RpcUnread(quota, server.Limits.MaxUnreadBytes);
        _time = time;
        Security = security;
        _needsAuthentication = endpoint.NeedsAuthentication;
        _fragments = new RpcFragmentReader(server.Limits.MaxFragment);
        var local = stream.LocalEndPoint as IPEndPoint;
        var peer = new RpcCaller(string.Empty, string.Empty)
        {
            IsAnonymous = true,
            Address = Plain((stream.RemoteEndPoint as IPEndPoint)?.Address),
            LocalAddress = Plain(local?.Address),
            LocalPort = local?.Port ?? 0,
        };
        var port = (local?.Port ?? 0).ToString(CultureInfo.InvariantCulture);
        _connection = new RpcConnection(server, new RpcEndpoint(port, endpoint.Interfaces), peer, quota, this, security);
        _began = _lastFragment = time.GetTimestamp();
    }

    /// <summary>What proves the identity of its client.</summary>
    public IRpcSecurity Security { get; }

    /// <summary>Serves the connection until it ends, and releases what it held. Throws only what is a bug.</summary>
    public async Task RunAsync()
    {
        try
        {
            if (!await ReceiveAsync().ConfigureAwait(false))
            {
                await SayWhyAsync().ConfigureAwait(false);
                await DrainAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Ended by this side, in the middle of a logon.
        }
        finally
        {
            Close();
            _connection.Dispose();
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends a connection that has been without what it must do for too long. Called every second or so.</summary>
    public void Watch()
    {
        var isAuthenticated = _connection.IsAuthenticated;
        var isLate = !isAuthenticated
            && (_needsAuthentication || !_connection.IsBound)
            && _time.GetElapsedTime(_began) > _limits.AuthenticationTimeout;
        var idle = isAuthenticated ? _limits.IdleTimeout : _limits.AuthenticationTimeout;
        if (isLate || (idle is { } most && _time.GetElapsedTime(Volatile.Read(ref _lastFragment)) > most && !_connection.HasCalls))
        {
            Abort();
        }
    }

    /// <summary>Ends it at once.</summary>
    public void Abort()
    {
        Close();
        _ended.Cancel();
        _stream.Abort();
    }

    bool IRpcOutput.TrySend(ReadOnlyMemory<byte> fragment)
    {
        lock (_lock)
        {
            if (_isClosed || !_unread.TryAdd(fragment.Length))
            {
                return false;
            }

            _unsent.Enqueue(fragment);
            if (_isSending)
            {
                return true;
            }

            _isSending = true;
        }

        _ = SendAsync();
        return true;
    }

    void IRpcOutput.End() => Abort();

    /// <summary>An IPv4 address is the same whether it came over an IPv4 or a dual-mode socket.</summary>
    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    /// <summary>Reads until the client ends it; false when this side does, because of what the client sent.</summary>
    private async ValueTask<bool> ReceiveAsync()
    {
        while (true)
        {
            await RoomAsync().ConfigureAwait(false);
            var result = await _stream.Input.ReadAsync(_ended.Token).ConfigureAwait(false);
            var stands = true;
            foreach (var piece in result.Buffer)
            {
                stands = stands && await FeedAsync(piece).ConfigureAwait(false);
            }

            _stream.Input.AdvanceTo(result.Buffer.End);
            if (!stands || result.IsCompleted)
            {
                return stands;
            }
        }
    }

    private async ValueTask<bool> FeedAsync(ReadOnlyMemory<byte> data)
    {
        while (true)
        {
            switch (_fragments.Take(ref data, out var header, out var fragment))
            {
                case RpcFragmentState.Incomplete:
                    return true;
                case RpcFragmentState.Unacceptable:
                    _connection.Refuse(header);
                    return false;
                default:
                    Volatile.Write(ref _lastFragment, _time.GetTimestamp());
                    if (!await _connection.ReceiveAsync(header, fragment, _ended.Token).ConfigureAwait(false))
                    {
                        return false;
                    }

                    break;
            }
        }
    }

    private async Task SendAsync()
    {
        while (Next() is { IsEmpty: false } fragment)
        {
            var result = await _stream.Output.WriteAsync(fragment).ConfigureAwait(false);
            Sent(fragment.Length);
            if (result.IsCompleted)
            {
                Abort();
            }
        }
    }

    private ReadOnlyMemory<byte> Next()
    {
        lock (_lock)
        {
            if (!_isClosed && _unsent.TryDequeue(out var next))
            {
                return next;
            }

            _isSending = false;
            _waitsForRoom?.TrySetResult();
            return default;
        }
    }

    private void Sent(int count)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _unread.Remove(count);
            if (_unread.Count < _limits.PauseAt)
            {
                _waitsForRoom?.TrySetResult();
            }
        }
    }

    /// <summary>Waits while the client leaves too much unread.</summary>
    private Task RoomAsync() => WhenAsync(() => _unread.Count < _limits.PauseAt);

    /// <summary>What says why the connection ends gets a moment to leave.</summary>
    private async Task SayWhyAsync()
    {
        try
        {
            await WhenAsync(() => !_isSending).WaitAsync(Farewell, _time, _ended.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The client does not read it.
        }
    }

    /// <summary>
    /// Reads what the client still sends, until it pauses. Whoever closes with bytes unread resets the connection, and a client that is told
    /// of that before it has read the reason never sees it.
    /// </summary>
    private async Task DrainAsync()
    {
        var began = _time.GetTimestamp();
        using var silence = new CancellationTokenSource(Silence, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, _ended.Token);
        try
        {
            for (var isOver = false; !isOver && _time.GetElapsedTime(began) < Farewell;)
            {
                var result = await _stream.Input.ReadAsync(either.Token).ConfigureAwait(false);
                _stream.Input.AdvanceTo(result.Buffer.End);
                silence.CancelAfter(Silence);
                isOver = result.IsCompleted;
            }
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested)
        {
            // It has sent everything, and waits for the answer.
        }
    }

    /// <summary>Waits until something holds, which only sending can bring about, or until the end.</summary>
    private async Task WhenAsync(Func<bool> holds)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_isClosed || holds())
                {
                    return;
                }

                _waitsForRoom = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _waitsForRoom.Task;
            }

            await changed.ConfigureAwait(false);
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            _unsent.Clear();
            _unread.Clear();
            _waitsForRoom?.TrySetResult();
        }
    }
}
