namespace Smb3.Embedded.Wire;

/// <summary>
/// The variable part of a request: the wire gives it as an offset from the SMB2 header and a length. Checked in 64-bit arithmetic,
/// so that no sum of the peer's numbers can wrap.
/// </summary>
internal static class MessageBuffer
{
    /// <summary>
    /// Whether the part lies inside the message and does not begin before <paramref name="earliest"/>, where the fixed part ends.
    /// An empty part may have any offset: clients leave zero, or a place past the end, when they have nothing to send.
    /// </summary>
    public static bool Fits(ReadOnlySpan<byte> message, long offset, long length, int earliest) =>
        length == 0 || (offset >= earliest && offset + length <= message.Length);

    /// <summary>The part itself; only after <see cref="Fits"/> said yes.</summary>
    public static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> message, uint offset, uint length) =>
        length == 0 ? default : message.Slice((int)offset, (int)length);

    /// <summary>
    /// Whether the body announces the size that its command has and is long enough for its fixed part. A size is odd when a variable
    /// part follows; the odd byte stands for that part and is absent from many clients' messages when the part is empty.
    /// </summary>
    public static bool HasBody(ReadOnlySpan<byte> message, ushort structureSize) =>
        message.Length >= Smb2Header.Size + (structureSize & ~1) && message.UInt16(Smb2Header.Size) == structureSize;
}
