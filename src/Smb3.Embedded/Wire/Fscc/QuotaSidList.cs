using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FILE_GET_QUOTA_INFORMATION (MS-FSCC 2.4.40.1): NextEntryOffset (4), SidLength (4), Sid.</summary>
internal static class QuotaSidList
{
    private const int SidOffset = 8;
    private const int Alignment = 4;

    /// <summary>Reads the list; false when it is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out List<Sid> sids)
    {
        sids = [];
        var rest = source;
        while (!rest.IsEmpty)
        {
            if (!TryMeasure(rest, SidOffset, Alignment, out var sid, out var next))
            {
                return false;
            }

            sids.Add(sid);
            rest = next == 0 ? default : rest[next..];
        }

        return sids.Count > 0;
    }

    /// <summary>Reads the SID of an entry that begins with the offset of the next one and the length of its SID.</summary>
    public static bool TryMeasure(
        ReadOnlySpan<byte> rest, int sidOffset, int alignment, [NotNullWhen(true)] out Sid? sid, out int next)
    {
        sid = null;
        next = 0;
        if (rest.Length < sidOffset || rest.UInt32(4) > rest.Length - sidOffset)
        {
            return false;
        }

        var length = (int)rest.UInt32(4);
        var distance = rest.UInt32(0);
        if (distance != 0
            && (distance < sidOffset + length || distance >= rest.Length || (distance & (alignment - 1)) != 0))
        {
            return false;
        }

        next = (int)distance;
        return Sid.TryRead(rest.Slice(sidOffset, length), out sid);
    }
}
