namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FileBasicInformation as a client sets it (MS-FSCC 2.4). The times are raw: 0 leaves a time as it is, -1 also stops the
/// file system from changing it on this handle's account, -2 lets it change again. Attributes 0 leave the attributes as they are.
/// </summary>
internal readonly record struct BasicInformation(
    long CreationTime, long LastAccessTime, long LastWriteTime, long ChangeTime, FileAttributes Attributes)
{
    /// <summary>With the four reserved bytes at the end.</summary>
    private const int Size = 40;

    public static bool TryParse(ReadOnlySpan<byte> buffer, out BasicInformation information)
    {
        information = default;
        if (buffer.Length < Size)
        {
            return false;
        }

        information = new BasicInformation(
            buffer.Int64(0), buffer.Int64(8), buffer.Int64(16), buffer.Int64(24), (FileAttributes)buffer.UInt32(32));
        return true;
    }
}
