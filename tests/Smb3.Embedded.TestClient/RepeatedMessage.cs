using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// What <see cref="RepeatedRequest"/> does, over any transport of whole messages, also sealed. It allocates nothing itself.
/// </summary>
internal sealed class RepeatedMessage
{
    private readonly IMessageTransport _transport;
    private readonly SmbTestConnection _client;
    private readonly SmbTestSession _session;
    private readonly MessageProtection _protection;
    private readonly int _charge;
    private readonly byte[] _message;
    private readonly byte[] _frame;
    private readonly OutboundFrame[] _frames = new OutboundFrame[1];
    private readonly Func<int> _longest = static () => int.MaxValue;
    private ulong _messageId;

    /// <param name="transport">The connection, which nobody else uses any more.</param>
    /// <param name="client">Who used it until now.</param>
    /// <param name="request">What is sent; it belongs to a session of that client.</param>
    /// <param name="protection">How each request is protected.</param>
    public RepeatedMessage(
        IMessageTransport transport, SmbTestConnection client, SmbTestRequest request, MessageProtection protection = MessageProtection.None)
    {
        _transport = transport;
        _client = client;
        _session = request.Session!;
        _protection = protection;
        _messageId = client.NextMessageId;
        _charge = (int)((Math.Max(request.Payload, 1) - 1) / 65536) + 1;
        _message = new RequestHeader
        {
            Command = request.Command,
            CreditCharge = (ushort)_charge,
            Credits = (ushort)_charge,
            Flags = protection == MessageProtection.Signed ? Smb2HeaderFlags.Signed : Smb2HeaderFlags.None,
            TreeId = request.TreeId,
            SessionId = _session.SessionId,
        }.Compose(request.Body);
        _frame = new byte[transport.Headroom + Smb2TransformHeader.Size + _message.Length];
    }

    /// <summary>Sends it and waits for the response.</summary>
    /// <returns>Its status; of a sealed one only that there is one: SUCCESS.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<NtStatus> SendAsync()
    {
        _frames[0] = new OutboundFrame(Prepare());
        if (!await _transport.SendAsync(_frames).ConfigureAwait(false))
        {
            throw new EndOfStreamException();
        }

        var (_, response) = await _transport.ReceiveAsync(_longest, CancellationToken.None).ConfigureAwait(false);
        using (response ?? throw new EndOfStreamException())
        {
            return _protection == MessageProtection.Sealed
                ? NtStatus.Success
                : (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(response.Memory.Span[8..]);
        }
    }

    private Memory<byte> Prepare()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_message.AsSpan(24), _messageId);
        _messageId += (ulong)_charge;
        if (_protection == MessageProtection.Signed)
        {
            _session.SignerOn(_client).Sign(_message);
        }

        var start = _transport.Headroom + Smb2TransformHeader.Size;
        _message.CopyTo(_frame, start);
        if (_protection == MessageProtection.Sealed)
        {
            _session.Sealer!.Seal(_frame.AsSpan(_transport.Headroom), _session.SessionId);
            start = _transport.Headroom;
        }

        return _frame.AsMemory(start - _transport.Headroom);
    }
}
