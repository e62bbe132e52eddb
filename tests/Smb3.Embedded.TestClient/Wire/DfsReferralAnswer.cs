using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>One entry of a referral as the client reads it (MS-DFSC 2.2.5); what its version does not have is zero or empty.</summary>
internal sealed record DfsReferralAnswerEntry(
    ushort Version, ushort ServerType, ushort Flags, uint TimeToLive, string Path, string AlternatePath, string Target);

/// <summary>RESP_GET_DFS_REFERRAL (MS-DFSC 2.2.4) as the client reads it, strictly.</summary>
internal sealed record DfsReferralAnswer(int PathConsumed, uint Flags, IReadOnlyList<DfsReferralAnswerEntry> Entries)
{
    public IEnumerable<string> Targets => Entries.Select(entry => entry.Target);

    public static DfsReferralAnswer Parse(ReadOnlySpan<byte> output)
    {
        var entries = new List<DfsReferralAnswerEntry>();
        var at = 8;
        for (var i = 0; i < output.UInt16(2); i++)
        {
            var entry = output[at..];
            entries.Add(ReadEntry(entry));
            at += entry.UInt16(2);
        }

        if (entries.Any(entry => entry.Version != entries[0].Version))
        {
            throw new InvalidDataException("The entries of a referral are of several versions.");
        }

        return new DfsReferralAnswer(output.UInt16(0), output.UInt32(4), entries);
    }

    private static DfsReferralAnswerEntry ReadEntry(ReadOnlySpan<byte> entry)
    {
        var (version, size, type, flags) = (entry.UInt16(0), entry.UInt16(2), entry.UInt16(4), entry.UInt16(6));
        switch (version)
        {
            case 1:
                return new(version, type, flags, 0, string.Empty, string.Empty, ReadText(entry[..size], 8));
            case 2:
                Expect(size == 22 && entry.UInt32(8) == 0, "a size of 22 and no proximity");
                return new(version, type, flags, entry.UInt32(12), At(entry, 16), At(entry, 18), At(entry, 20));
            case 3 or 4:
                Expect(size == 34 && !entry.Slice(18, 16).ContainsAnyExcept((byte)0), "a size of 34 and no site");
                return new(version, type, flags, entry.UInt32(8), At(entry, 12), At(entry, 14), At(entry, 16));
            default:
                throw new InvalidDataException($"There is no version {version}.");
        }
    }

    private static string At(ReadOnlySpan<byte> entry, int offset) => ReadText(entry, entry.UInt16(offset));

    private static string ReadText(ReadOnlySpan<byte> source, int at)
    {
        var end = at;
        while (source.UInt16(end) != 0)
        {
            end += sizeof(char);
        }

        return source[at..end].Utf16();
    }

    private static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidDataException($"The entry of a referral must have {what}.");
        }
    }
}
