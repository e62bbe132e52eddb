namespace Smb3.Embedded.Wire.Fscc;

/// <summary>Flags of FSCTL_MARK_HANDLE (MS-FSCC 2.3.39).</summary>
[Flags]
internal enum MarkHandleFlags : uint
{
    None = 0,

    /// <summary>MARK_HANDLE_READ_COPY: read one of several copies of the data.</summary>
    ReadCopy = 0x00000080,

    /// <summary>MARK_HANDLE_NOT_READ_COPY: no longer.</summary>
    NotReadCopy = 0x00000100,
}

/// <summary>MARK_HANDLE_INFO (MS-FSCC 2.3.39): CopyNumber (4), Reserved (4), VolumeHandle (8), HandleInfo (4), Reserved (4).</summary>
internal static class MarkHandle
{
    public const int Size = 24;

    public static MarkHandleFlags ReadFlags(ReadOnlySpan<byte> input) => (MarkHandleFlags)input.UInt32(16);
}
