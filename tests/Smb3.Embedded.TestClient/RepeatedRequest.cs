using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// Sends one request again and again, with nothing changed but its message id and signature, and waits for each response: for measuring
/// the server. It allocates nothing itself.
/// </summary>
internal sealed class RepeatedRequest
{
    private readonly IByteStream _transport;
    private readonly byte[] _frame;
    private readonly int _charge;
    private readonly MessageSigner? _signer;
    private ulong _messageId;

    /// <param name="transport">The connection, from <see cref="SmbTestConnection.DetachAsync"/>.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="firstMessageId">The id of the first request.</param>
    /// <param name="signer">Signs each request; null: they go unsigned.</param>
    public RepeatedRequest(IByteStream transport, SmbTestRequest request, ulong firstMessageId, MessageSigner? signer = null)
    {
        _transport = transport;
        _messageId = firstMessageId;
        _signer = signer;
        _charge = (int)((Math.Max(request.Payload, 1) - 1) / 65536) + 1;
        var header = new Wire.RequestHeader
        {
            Command = request.Command,
            CreditCharge = (ushort)_charge,
            Credits = (ushort)_charge,
            Flags = signer is null ? Smb2HeaderFlags.None : Smb2HeaderFlags.Signed,
            TreeId = request.TreeId,
            SessionId = request.Session?.SessionId ?? 0,
        };
        var message = header.Compose(request.Body);
        _frame = new byte[sizeof(uint) + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(_frame, (uint)message.Length);
        message.CopyTo(_frame, sizeof(uint));
    }

    /// <summary>The bytes of the message as it was sent last.</summary>
    public ReadOnlySpan<byte> Message => _frame.AsSpan(sizeof(uint));

    /// <summary>The body of the message, which may be changed between two sends.</summary>
    public Span<byte> Body => _frame.AsSpan(sizeof(uint) + Smb2Header.Size);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<NtStatus> SendAsync()
    {
        Prepare();
        await _transport.Output.WriteAsync(_frame).ConfigureAwait(false);
        while (true)
        {
            var result = await _transport.Input.ReadAsync().ConfigureAwait(false);
            if (TryTake(result.Buffer, out var status, out var end))
            {
                _transport.Input.AdvanceTo(end);
                return status;
            }

            _transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new EndOfStreamException();
            }
        }
    }

    private void Prepare()
    {
        var message = _frame.AsSpan(sizeof(uint));
        BinaryPrimitives.WriteUInt64LittleEndian(message[24..], _messageId);
        _messageId += (ulong)_charge;
        _signer?.Sign(message);
    }

    private static bool TryTake(ReadOnlySequence<byte> buffer, out NtStatus status, out SequencePosition end)
    {
        status = default;
        end = default;
        if (buffer.Length < sizeof(uint) + Smb2Header.Size)
        {
            return false;
        }

        Span<byte> start = stackalloc byte[sizeof(uint) + Smb2Header.Size];
        buffer.Slice(0, start.Length).CopyTo(start);
        var length = BinaryPrimitives.ReadUInt32BigEndian(start) + sizeof(uint);
        if (buffer.Length < length)
        {
            return false;
        }

        status = (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        end = buffer.GetPosition(length);
        return true;
    }
}
