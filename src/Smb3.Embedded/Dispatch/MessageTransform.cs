using System.Buffers.Binary;
using Smb3.Embedded.Compression;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// What stands between a message of the transport and the SMB2 messages in it. On the way in it is opened (MS-SMB2 3.3.5.2.1), decompressed
/// (MS-SMB2 3.1.5.3) and then split (MS-SMB2 3.3.5.2.7); on the way out responses are merged, each signed by itself, compressed where the
/// client asked for it (MS-SMB2 3.1.4.4), and then sealed (MS-SMB2 3.3.4.1). Every message goes this way, responses, interim responses and
/// notifications alike.
/// </summary>
internal static class MessageTransform
{
    /// <summary>Opens what was received, in place. A session that is found is in use until whoever called releases it.</summary>
    /// <param name="connection">The connection that brought it.</param>
    /// <param name="received">What was received.</param>
    /// <param name="messages">The SMB2 messages in it.</param>
    /// <param name="sealedBy">The session whose keys opened it; <see langword="null"/>: it came in the clear.</param>
    public static OpenOutcome Open(Connection connection, Memory<byte> received, out Memory<byte> messages, out Session? sealedBy)
    {
        messages = received;
        sealedBy = null;
        switch (received.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(received.Span) : 0)
        {
            case Smb2Header.ProtocolId:
                return OpenOutcome.Messages;

            case CompressionTransformHeader.ProtocolId when CanDecompress(connection):
                return OpenOutcome.Compressed;

            case Smb2TransformHeader.ProtocolId:
                if (!TryUnseal(connection, received, out sealedBy))
                {
                    return OpenOutcome.WronglySealed;
                }

                messages = received[Smb2TransformHeader.Size..];
                return BinaryPrimitives.ReadUInt32LittleEndian(messages.Span) == Smb2Header.ProtocolId
                    ? OpenOutcome.Messages
                    : OpenOutcome.Compressed;

            default:
                return OpenOutcome.SomethingElse;
        }
    }

    /// <summary>
    /// Reads how long a message becomes that <see cref="Open"/> has found to be compressed (MS-SMB2 3.3.5.2.13), which counts before memory is
    /// taken for it; 0: it may not come, and the connection ends.
    /// </summary>
    /// <param name="connection">The connection that brought it.</param>
    /// <param name="compressed">What was received.</param>
    /// <param name="most">The longest message that the connection may bring.</param>
    public static int SizeOf(Connection connection, ReadOnlySpan<byte> compressed, int most) =>
        MessageDecompressor.TryReadSize(compressed, connection.Negotiated!.Compression!, most, out var size) && size >= Smb2Header.Size ? size : 0;

    /// <summary>Decompresses the message, which is not compressed once more, nor sealed.</summary>
    /// <param name="connection">The connection that brought it.</param>
    /// <param name="compressed">What was received.</param>
    /// <param name="size">What <see cref="SizeOf"/> said.</param>
    /// <param name="buffers">Where its memory comes from.</param>
    /// <returns>The message; <see langword="null"/>: it is none, and the connection ends.</returns>
    public static ReceivedMessage? Decompress(Connection connection, ReadOnlySpan<byte> compressed, int size, BufferPool buffers)
    {
        var buffer = buffers.Rent(size);
        if (MessageDecompressor.TryDecompress(
                compressed, connection.Negotiated!.Compression!, connection.Graph.Codecs, buffer.AsSpan(0, size))
            && BinaryPrimitives.ReadUInt32LittleEndian(buffer) == Smb2Header.ProtocolId)
        {
            return new PooledMessage(buffers, buffer, size);
        }

        buffers.Return(buffer);
        return null;
    }

    /// <summary>
    /// Takes the next message off a compound. False: a NextCommand that is not a multiple of 8, or that lies outside, breaks the whole of
    /// it, and so does a response.
    /// </summary>
    /// <param name="rest">What is left; then what is left behind the message.</param>
    /// <param name="message">The message with its padding.</param>
    /// <param name="header">Its header.</param>
    public static bool TrySplit(ref Memory<byte> rest, out Memory<byte> message, out Smb2Header header)
    {
        message = default;
        var span = rest.Span;
        if (!Smb2Header.TryParse(span, out header) || (header.Flags & Smb2HeaderFlags.ServerToRedirector) != 0)
        {
            return false;
        }

        var length = span.Length;
        if (header.NextCommand != 0)
        {
            if ((header.NextCommand & 7) != 0 || header.NextCommand < Smb2Header.Size || header.NextCommand > span.Length - Smb2Header.Size)
            {
                return false;
            }

            length = (int)header.NextCommand;
        }

        message = rest[..length];
        rest = rest[length..];
        return true;
    }

    /// <summary>Signs the messages of a frame, each by itself and with its padding; nothing is written into them any more.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="messages">Its messages, in their order.</param>
    /// <param name="before">What comes before the first of them in the count of their places, and is not in this frame.</param>
    /// <param name="end">Where the last of them ends, in the same count.</param>
    public static void Merge(ResponseBuffer frame, List<OutgoingMessage> messages, int before, int end)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var (start, signer, preauth) = messages[i];
            var next = i + 1 < messages.Count ? messages[i + 1].Start : end;
            var message = frame.Between(start - before, next - before);
            signer?.Sign(message);
            preauth?.Update(message);
        }
    }

    /// <summary>Seals a frame in place with the keys of a session; in the clear it goes where there is none.</summary>
    public static void Seal(ResponseBuffer frame, Session? session)
    {
        if (session?.Sealer is { } sealer)
        {
            sealer.Seal(frame.TransformAndMessages, session.SessionId);
            frame.MarkSealed();
        }
    }

    private static bool CanDecompress(Connection connection) => connection.Negotiated is { Compression: not null };

    private static bool TryUnseal(Connection connection, Memory<byte> frame, out Session? session)
    {
        session = null;
        if (!Smb2TransformHeader.TryParse(frame.Span, out var header)
            || connection.Negotiated is not { CanEncrypt: true }
            || header.Flags != Smb2TransformHeader.Encrypted
            || header.OriginalMessageSize != frame.Length - Smb2TransformHeader.Size
            || header.OriginalMessageSize < CompressionTransformHeader.Size
            || !connection.Sessions.TryGetValue(header.SessionId, out var found)
            || !found.TryUse())
        {
            return false;
        }

        if (found.Sealer is { } sealer
            && sealer.TryOpen(frame.Span)
            && BinaryPrimitives.ReadUInt32LittleEndian(frame.Span[Smb2TransformHeader.Size..]) is var inner
            && (inner == Smb2Header.ProtocolId || (inner == CompressionTransformHeader.ProtocolId && CanDecompress(connection))))
        {
            session = found;
            return true;
        }

        found.Release();
        return false;
    }
}

/// <summary>What <see cref="MessageTransform.Open"/> found.</summary>
internal enum OpenOutcome
{
    /// <summary>SMB2 messages.</summary>
    Messages,

    /// <summary>A compressed message, which <see cref="MessageTransform.Decompress"/> makes SMB2 messages of.</summary>
    Compressed,

    /// <summary>A sealed message that no key of the connection's sessions opens; the connection ends.</summary>
    WronglySealed,

    /// <summary>Neither: SMB1, or nonsense.</summary>
    SomethingElse,
}
