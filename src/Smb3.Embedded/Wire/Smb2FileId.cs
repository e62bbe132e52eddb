namespace Smb3.Embedded.Wire;

/// <summary>SMB2_FILEID (MS-SMB2 2.2.14.1): the handle that a client names an open by.</summary>
internal readonly record struct Smb2FileId(ulong Persistent, ulong Volatile)
{
    public const int Size = 16;

    /// <summary>All ones: in a related compound "the open of the request before" (MS-SMB2 3.3.5.2.7.2), in an IOCTL "no file".</summary>
    public static Smb2FileId Any => new(ulong.MaxValue, ulong.MaxValue);

    public bool IsAny => Persistent == ulong.MaxValue && Volatile == ulong.MaxValue;

    public static Smb2FileId Read(ReadOnlySpan<byte> source, int at) => new(source.UInt64(at), source.UInt64(at + 8));

    public void Write(Span<byte> target, int at)
    {
        target.Put(at, Persistent);
        target.Put(at + 8, Volatile);
    }
}
