using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>Strict checks that every response of the server must stand: a test client that forgives would hide faults.</summary>
internal static class ResponseReader
{
    /// <summary>The body, after checking that the structure size is right and the fixed part is there.</summary>
    public static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> message, ushort structureSize)
    {
        if (!MessageBuffer.HasBody(message, structureSize))
        {
            throw new InvalidDataException($"Not a response with structure size {structureSize}.");
        }

        return message[Smb2Header.Size..];
    }

    /// <summary>A variable part, after checking that it lies behind the fixed part and inside the message.</summary>
    public static byte[] Buffer(ReadOnlySpan<byte> message, uint offset, uint length, int fixedSize)
    {
        if (!MessageBuffer.Fits(message, offset, length, Smb2Header.Size + fixedSize))
        {
            throw new InvalidDataException($"A buffer of {length} at {offset} does not lie in a message of {message.Length} bytes.");
        }

        return MessageBuffer.Slice(message, offset, length).ToArray();
    }
}
