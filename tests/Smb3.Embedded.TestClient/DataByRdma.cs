using System.Buffers.Binary;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// Has the data of READ and WRITE go through the client's memory instead of through messages, as clients do over RDMA, protected as the
/// messages are. Whoever sends the requests and gets the responses need not know.
/// </summary>
/// <param name="pair">Where memory is registered.</param>
/// <param name="window">Where it is opened to the server: the same connection.</param>
internal sealed class DataByRdma(IQueuePair pair, IMemoryWindow window)
{
    private const int Fixed = 48;
    private const uint MostOfOne = 8 << 20;

    private readonly ConcurrentDictionary<ulong, Lent> _lent = new();

    /// <summary>The body of a request, with a descriptor in place of data when it is a READ or a WRITE that allows it.</summary>
    public byte[] Replace(SmbTestRequest request, ulong messageId, bool isSealed, bool isSigned, SmbTestConnection on)
    {
        var body = request.Body;
        if (request.Command is not (Smb2Command.Read or Smb2Command.Write)
            || request.Session is null
            || on.Dialect < Smb2Dialect.Smb300
            || body.Length < Fixed
            || BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(request.Command == Smb2Command.Read ? 36 : 32)) != 0
            || TypeOf(isSealed, isSigned, on) is not { } type)
        {
            return body;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(4));
        if (length is 0 or > MostOfOne)
        {
            return body;
        }

        var isRead = request.Command == Smb2Command.Read;
        var buffer = pair.Rent((int)length);
        var data = buffer.Memory.Span[..(int)length];
        if (!isRead)
        {
            body.AsSpan(BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(2)) - Smb2Header.Size, data.Length).CopyTo(data);
        }

        var opened = window.Open(buffer, data.Length, isRead ? RemoteAccess.Write : RemoteAccess.Read);
        _lent[messageId] = new Lent(buffer, opened.Token, request.Session, isRead);
        var info = ThroughMemory.Info(new RdmaBufferDescriptor(opened.Offset, opened.Token, opened.Length));
        var channel = messageId % 2 == 0 && on.Dialect >= Smb2Dialect.Smb302 ? Smb2Channel.RdmaV1Invalidate : Smb2Channel.RdmaV1;
        if (!isRead && type != RdmaTransformType.None)
        {
            info = TransformedMemory.Protect(request.Session, type, data, info, channel, on, messageId);
            channel = Smb2Channel.RdmaTransform;
        }

        byte[] replaced = [.. body[..Fixed], .. info];
        ThroughMemory.Name(replaced, request.Command, channel, length, info.Length);
        return replaced;
    }

    /// <summary>A response with its data in it, as if it had come so.</summary>
    public SmbTestResponse Restore(SmbTestResponse response, SmbTestConnection on)
    {
        if (response.IsInterim || !_lent.TryRemove(response.MessageId, out var lent))
        {
            return response;
        }

        window.Close(lent.Token);
        using (lent.Buffer)
        {
            if (!lent.IsRead || response.Status != NtStatus.Success)
            {
                return response;
            }

            var data = TransformedMemory.Open(lent.Session, response, lent.Buffer.Memory.Span, on).Data
                ?? throw new InvalidDataException("Data that a READ has placed is not from the server.");
            byte[] message = [.. response.Message[..(Smb2Header.Size + ReadResponse.FixedSize)], .. data];
            ReadResponse.Write(message.AsSpan(Smb2Header.Size), data.Length);
            return new SmbTestResponse(message, response.WasEncrypted) { Arrival = response.Arrival };
        }
    }

    /// <summary>The connection has ended: nobody reaches the memory any more.</summary>
    public void End()
    {
        foreach (var messageId in _lent.Keys)
        {
            if (_lent.TryRemove(messageId, out var lent))
            {
                window.Close(lent.Token);
                lent.Buffer.Dispose();
            }
        }
    }

    /// <summary>How data is protected beside such a message; <see langword="null"/>: it must not go beside it.</summary>
    private static RdmaTransformType? TypeOf(bool isSealed, bool isSigned, SmbTestConnection on)
    {
        var agreed = on.Negotiated?.Find(NegotiateContextType.RdmaTransform) is { } context
            && new NegotiateContext(NegotiateContextType.RdmaTransform, context).TryGetRdmaTransform(out var transforms)
                ? transforms
                : default;
        return isSealed ? agreed.Contains((ushort)Smb2RdmaTransform.Encryption) ? RdmaTransformType.Encryption : null
            : isSigned && agreed.Contains((ushort)Smb2RdmaTransform.Signing) ? RdmaTransformType.Signing
            : RdmaTransformType.None;
    }

    private readonly record struct Lent(RegisteredBuffer Buffer, uint Token, SmbTestSession Session, bool IsRead);
}
