namespace Smb3.Embedded.Wire.Fscc;

/// <summary>Flags of FILE_FS_CONTROL_INFORMATION (MS-FSCC 2.5.2).</summary>
[Flags]
internal enum FsControlFlags : uint
{
    None = 0,
    QuotaTrack = 0x00000001,
    QuotaEnforce = 0x00000002,
    ContentIndexingDisabled = 0x00000008,
    LogQuotaThreshold = 0x00000010,
    LogQuotaLimit = 0x00000020,
    QuotasIncomplete = 0x00000100,
    QuotasRebuilding = 0x00000200,
}

/// <summary>
/// FILE_FS_CONTROL_INFORMATION (MS-FSCC 2.5.2): three thresholds of content indexing (8 each), DefaultQuotaThreshold (8),
/// DefaultQuotaLimit (8), FileSystemControlFlags (4), Padding (4).
/// </summary>
/// <param name="DefaultThreshold">−1: none.</param>
/// <param name="DefaultLimit">−1: none.</param>
/// <param name="Flags">What holds.</param>
internal readonly record struct FsControlInformation(long DefaultThreshold, long DefaultLimit, FsControlFlags Flags)
{
    public const int Size = 48;

    /// <summary>Without indexing and without quotas.</summary>
    public static FsControlInformation None => new(QuotaInformation.NoLimit, QuotaInformation.NoLimit, FsControlFlags.None);

    public static bool TryRead(ReadOnlySpan<byte> source, out FsControlInformation information)
    {
        // MS-FSA 2.1.5.16.6: with the padding.
        information = source.Length < Size
            ? default
            : new(source.Int64(24), source.Int64(32), (FsControlFlags)source.UInt32(40));
        return source.Length >= Size;
    }

    /// <summary>Writes it into a cleared span.</summary>
    public void Write(Span<byte> target)
    {
        target.Put(24, DefaultThreshold);
        target.Put(32, DefaultLimit);
        target.Put(40, (uint)Flags);
    }
}
