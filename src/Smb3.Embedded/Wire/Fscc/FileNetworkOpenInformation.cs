using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// Times, sizes and attributes as CREATE and CLOSE responses (MS-SMB2 2.2.14 and 2.2.16) and FileNetworkOpenInformation
/// (MS-FSCC 2.4) lay them out: CreationTime (8), LastAccessTime (8), LastWriteTime (8), ChangeTime (8), AllocationSize (8),
/// EndOfFile (8), FileAttributes (4).
/// </summary>
internal readonly record struct FileNetworkOpenInformation
{
    /// <summary>The shared part; the information class itself has four reserved bytes more.</summary>
    public const int Size = 52;

    public FileTime CreationTime { get; init; }

    public FileTime LastAccessTime { get; init; }

    public FileTime LastWriteTime { get; init; }

    public FileTime ChangeTime { get; init; }

    public long AllocationSize { get; init; }

    public long EndOfFile { get; init; }

    public FileAttributes Attributes { get; init; }

    public void Write(Span<byte> target)
    {
        target.Put(0, CreationTime.Ticks);
        target.Put(8, LastAccessTime.Ticks);
        target.Put(16, LastWriteTime.Ticks);
        target.Put(24, ChangeTime.Ticks);
        target.Put(32, AllocationSize);
        target.Put(40, EndOfFile);
        target.Put(48, OnWire(Attributes));
    }

    public static FileNetworkOpenInformation Read(ReadOnlySpan<byte> source) => new()
    {
        CreationTime = new FileTime(source.Int64(0)),
        LastAccessTime = new FileTime(source.Int64(8)),
        LastWriteTime = new FileTime(source.Int64(16)),
        ChangeTime = new FileTime(source.Int64(24)),
        AllocationSize = source.Int64(32),
        EndOfFile = source.Int64(40),
        Attributes = (FileAttributes)source.UInt32(48),
    };

    /// <summary>A file with no attribute is "normal", and only then (MS-FSCC 2.6).</summary>
    internal static uint OnWire(FileAttributes attributes)
    {
        var others = attributes & ~FileAttributes.Normal;
        return (uint)(others == 0 ? FileAttributes.Normal : others);
    }
}
