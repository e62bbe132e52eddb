using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILE_QUOTA_INFORMATION (MS-FSCC 2.4.40):
/// <code>
///  0 NextEntryOffset    4 SidLength   8 ChangeTime   16 QuotaUsed   24 QuotaThreshold   32 QuotaLimit   40 Sid
/// </code>
/// </summary>
internal readonly record struct QuotaInformation
{
    public const int Alignment = 8;

    /// <summary>The value that means no threshold or no limit.</summary>
    public const long NoLimit = -1;

    /// <summary>A limit that a client sets to remove the entry.</summary>
    public const long Removed = -2;

    private const int SidOffset = 40;

    public required Sid Sid { get; init; }

    public FileTime ChangeTime { get; init; }

    public long Used { get; init; }

    public long Threshold { get; init; }

    public long Limit { get; init; }

    /// <summary>Appends the entry; false, with nothing changed, when it does not fit.</summary>
    public bool TryWrite(ref EntryListCursor list, Span<byte> buffer)
    {
        if (!list.TryBegin(buffer, SidOffset + Sid.BinaryLength, out var entry))
        {
            return false;
        }

        entry.Put(4, (uint)Sid.BinaryLength);
        entry.Put(8, ChangeTime.Ticks);
        entry.Put(16, Used);
        entry.Put(24, Threshold);
        entry.Put(32, Limit);
        Sid.WriteTo(entry[SidOffset..]);
        return true;
    }

    /// <summary>Reads the list of a SET_INFO; false when it is malformed.</summary>
    public static bool TryReadList(ReadOnlySpan<byte> source, out List<QuotaInformation> list)
    {
        list = [];
        var rest = source;
        while (!rest.IsEmpty)
        {
            if (!QuotaSidList.TryMeasure(rest, SidOffset, Alignment, out var sid, out var next))
            {
                return false;
            }

            list.Add(new QuotaInformation
            {
                Sid = sid,
                ChangeTime = new FileTime(rest.Int64(8)),
                Used = rest.Int64(16),
                Threshold = rest.Int64(24),
                Limit = rest.Int64(32),
            });
            rest = next == 0 ? default : rest[next..];
        }

        return list.Count > 0;
    }
}
