using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>A client of DCE/RPC over TCP. It can also send anything else.</summary>
internal sealed class RpcTestConnection : IAsyncDisposable
{
    private const uint ContextId = 79231;
    private const int CallHeader = 24;

    private readonly Socket _socket;
    private readonly ConcurrentDictionary<uint, (TaskCompletionSource<RpcTestAnswer> Done, List<byte> Stub)> _calls = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private RpcTestCredentials? _credentials;
    private NtlmMessageDirection? _outgoing;
    private NtlmMessageDirection? _incoming;
    private Task? _reading;
    private int _lastCall = 1;

    private RpcTestConnection(Socket socket) => _socket = socket;

    /// <summary>The association group that the server gave.</summary>
    public uint Group { get; private set; }

    public static async Task<RpcTestConnection> ConnectAsync(EndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
        return new RpcTestConnection(socket);
    }

    /// <summary>Binds, and authenticates. Null: bound; otherwise the PDU with which the server refused.</summary>
    public async Task<byte[]?> BindAsync(RpcSyntax wanted, RpcTestCredentials? credentials, uint group = 0)
    {
        _credentials = credentials;
        var ntlm = credentials is null ? null : new NtlmInitiator(new NtlmInitiatorOptions
        {
            UserName = credentials.UserName,
            Password = credentials.Password,
            Raw = !credentials.Spnego,
        });
        var flags = RpcPacketFlags.OnlyFragment | RpcPacketFlags.ConcurrentMultiplexing | RpcPacketFlags.HeaderSigning;
        await SendAsync(Bind(RpcPacketType.Bind, wanted, group, flags, ntlm?.Start()));
        var ack = await ReceiveAsync() ?? throw new EndOfStreamException("The server ended the connection.");
        if (TypeOf(ack) != RpcPacketType.BindAck)
        {
            return ack;
        }

        Group = BinaryPrimitives.ReadUInt32LittleEndian(ack.AsSpan(20));
        if (ntlm is not null && await AuthenticateAsync(ntlm, wanted, ack) is { } refusal)
        {
            return refusal;
        }

        _reading = ReadAsync();
        return null;
    }

    /// <summary>Calls; other calls may be under way.</summary>
    public Task<RpcTestAnswer> CallAsync(ushort opnum, Action<NdrWriter> write) => Begin(opnum, write).Answer;

    /// <summary>Begins a call, and gives its number.</summary>
    public (uint Id, Task<RpcTestAnswer> Answer) Begin(ushort opnum, Action<NdrWriter> write)
    {
        using var stub = new NdrWriter();
        write(stub);
        var id = (uint)Interlocked.Increment(ref _lastCall);
        var done = new TaskCompletionSource<RpcTestAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = (done, []);
        return (id, SendThenWaitAsync(Request(opnum, id, stub.Written.ToArray()), done.Task));
    }

    /// <summary>Asks the server to give a call up.</summary>
    public Task CancelAsync(uint id) => SendProtectedAsync(Pdu(RpcPacketType.Cancel, id, []), bodyOffset: 16, padding: 0);

    /// <summary>Sends any bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None)..];
        }
    }

    /// <summary>Before a bind: receives one PDU; null at the end.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        var header = new byte[16];
        if (!await FillAsync(header))
        {
            return null;
        }

        var pdu = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8))];
        header.CopyTo(pdu, 0);
        return await FillAsync(pdu.AsMemory(16)) ? pdu : null;
    }

    /// <summary>Completes when the server has ended the connection.</summary>
    public Task WhenEndedAsync() => _reading ?? WaitForEndAsync();

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (_reading is not null)
        {
            await _reading;
        }

        _outgoing?.Dispose();
        _incoming?.Dispose();
        _sending.Dispose();
    }

    public static byte[] Pdu(
        RpcPacketType type, uint callId, ReadOnlySpan<byte> body, RpcPacketFlags flags = RpcPacketFlags.OnlyFragment)
    {
        var pdu = new byte[16 + body.Length];
        pdu[0] = 5;
        pdu[2] = (byte)type;
        pdu[3] = (byte)flags;
        pdu[4] = 0x10;
        BinaryPrimitives.WriteUInt16LittleEndian(pdu.AsSpan(8), (ushort)pdu.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(pdu.AsSpan(12), callId);
        body.CopyTo(pdu.AsSpan(16));
        return pdu;
    }

    public static RpcPacketType TypeOf(byte[] pdu) => (RpcPacketType)pdu[2];

    /// <summary>A bind or an alter_context for one interface.</summary>
    public static byte[] Bind(RpcPacketType type, RpcSyntax wanted, uint group, RpcPacketFlags flags)
    {
        using var body = new NdrWriter();
        body.WriteUInt16(5840);
        body.WriteUInt16(5840);
        body.WriteUInt32(group);
        body.WriteUInt32(1);
        body.WriteUInt16(0);
        body.WriteUInt16(1);
        body.WriteGuid(wanted.Uuid);
        body.WriteUInt16(wanted.Major);
        body.WriteUInt16(wanted.Minor);
        body.WriteGuid(RpcSyntax.Ndr.Uuid);
        body.WriteUInt32(RpcSyntax.Ndr.Major);
        return Pdu(type, 1, body.Written.Span, flags);
    }

    private byte[] Bind(RpcPacketType type, RpcSyntax wanted, uint group, RpcPacketFlags flags, byte[]? token)
    {
        var pdu = Bind(type, wanted, group, flags);
        return token is null ? pdu : With(pdu, token);
    }

    private async Task<byte[]?> AuthenticateAsync(NtlmInitiator ntlm, RpcSyntax wanted, byte[] ack)
    {
        var token = ntlm.Next(TokenOf(ack));
        if (_credentials!.Spnego)
        {
            await SendAsync(Bind(RpcPacketType.AlterContext, wanted, Group, RpcPacketFlags.OnlyFragment, token));
            var response = await ReceiveAsync();
            if (response is null || TypeOf(response) != RpcPacketType.AlterContextResponse || !ntlm.Finish(TokenOf(response)))
            {
                return response ?? [];
            }
        }
        else
        {
            await SendAsync(With(Pdu(RpcPacketType.Auth3, 1, new byte[4]), token));
        }

        var flags = (NtlmFlags)ntlm.LastAuthenticate.AsSpan().UInt32(NtlmAuthenticateMessage.FlagsOffset);
        var first = _credentials.Spnego ? 1u : 0u;
        _outgoing = new NtlmMessageDirection(ntlm.SessionKey, flags, fromServer: false, first);
        _incoming = new NtlmMessageDirection(ntlm.SessionKey, flags, fromServer: true, first);
        return null;
    }

    private async Task<RpcTestAnswer> SendThenWaitAsync((byte[] Pdu, byte Padding) request, Task<RpcTestAnswer> answer)
    {
        await SendProtectedAsync(request.Pdu, CallHeader, request.Padding);
        return await answer;
    }

    private (byte[] Pdu, byte Padding) Request(ushort opnum, uint id, byte[] stub)
    {
        var padding = (byte)(-stub.Length & 15);
        var body = new byte[8 + stub.Length + (IsProtected ? padding : 0)];
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(6), opnum);
        stub.CopyTo(body, 8);
        return (Pdu(RpcPacketType.Request, id, body), padding);
    }

    private bool IsProtected => _credentials is { Level: >= RpcAuthLevel.Packet };

    private async Task SendProtectedAsync(byte[] pdu, int bodyOffset, byte padding)
    {
        await _sending.WaitAsync();
        try
        {
            await SendAsync(IsProtected ? Protect(With(pdu, new byte[NtlmSignature.Size], padding), bodyOffset) : pdu);
        }
        finally
        {
            _sending.Release();
        }
    }

    private byte[] Protect(byte[] pdu, int bodyOffset)
    {
        var message = pdu.AsSpan(..^NtlmSignature.Size);
        var secret = _credentials!.Level == RpcAuthLevel.Privacy ? message[bodyOffset..^RpcSecurityTrailer.Length] : [];
        _outgoing!.Protect(message, secret, pdu.AsSpan(message.Length));
        return pdu;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await ReceiveAsync() is { } pdu)
            {
                Take(pdu);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end, one way or the other.
        }

        foreach (var (_, call) in _calls)
        {
            call.Done.TrySetException(new EndOfStreamException("The connection ended before the answer."));
        }
    }

    private void Take(byte[] pdu)
    {
        var header = RpcHeader.Parse(pdu);
        if (!_calls.TryGetValue(header.CallId, out var call))
        {
            return;
        }

        if (header.Type == RpcPacketType.Fault)
        {
            _calls.TryRemove(header.CallId, out _);
            call.Done.SetResult(new RpcTestAnswer((RpcStatus)BinaryPrimitives.ReadUInt32LittleEndian(pdu.AsSpan(24)), []));
            return;
        }

        call.Stub.AddRange(IsProtected ? Open(pdu, header) : pdu.AsSpan(CallHeader));
        if (header.Flags.HasFlag(RpcPacketFlags.LastFragment))
        {
            _calls.TryRemove(header.CallId, out _);
            call.Done.SetResult(new RpcTestAnswer(RpcStatus.Ok, [.. call.Stub]));
        }
    }

    private ReadOnlySpan<byte> Open(byte[] pdu, RpcHeader header)
    {
        if (!RpcSecurityTrailer.TryRead(pdu, header, CallHeader, out var trailer))
        {
            throw new InvalidDataException("A response is not protected.");
        }

        var end = RpcSecurityTrailer.OffsetIn(header);
        var secret = _credentials!.Level == RpcAuthLevel.Privacy ? pdu.AsSpan(CallHeader..end) : [];
        return _incoming!.Unprotect(pdu.AsSpan(..(end + RpcSecurityTrailer.Length)), secret, pdu.AsSpan(^header.AuthLength..))
            ? pdu.AsSpan(CallHeader..(end - trailer.PadLength))
            : throw new InvalidDataException("The signature of a response is wrong.");
    }

    private static byte[] TokenOf(byte[] pdu) => pdu[^RpcHeader.Parse(pdu).AuthLength..];

    private byte[] With(byte[] pdu, byte[] token, byte padding = 0)
    {
        var type = _credentials!.Spnego ? RpcAuthType.Negotiate : RpcAuthType.Ntlm;
        var whole = new byte[pdu.Length + RpcSecurityTrailer.Length + token.Length];
        pdu.CopyTo(whole, 0);
        new RpcSecurityTrailer(type, _credentials.Level, padding, ContextId).Write(whole.AsSpan(pdu.Length));
        token.CopyTo(whole, pdu.Length + RpcSecurityTrailer.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(8), (ushort)whole.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(whole.AsSpan(10), (ushort)token.Length);
        return whole;
    }

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var count = await _socket.ReceiveAsync(buffer, SocketFlags.None);
            if (count == 0)
            {
                return false;
            }

            buffer = buffer[count..];
        }

        return true;
    }

    private async Task WaitForEndAsync()
    {
        try
        {
            var rest = new byte[4096];
            while (await _socket.ReceiveAsync(rest, SocketFlags.None) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // A reset is an end too.
        }
    }
}
