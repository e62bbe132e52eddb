namespace Smb3.Embedded.Compression.Matching;

/// <summary>Copies within what has been decompressed, as the matches of all LZ77 formats ask for it (MS-XCA 2.4.4).</summary>
internal static class MatchCopy
{
    /// <summary>
    /// Copies from <paramref name="offset"/> bytes before a place to it, byte by byte in effect: where the match is longer than it is far, it
    /// repeats itself.
    /// </summary>
    /// <returns>False, and nothing is written, when it would begin before the data or end behind it.</returns>
    public static bool TryCopy(Span<byte> data, int at, int offset, int length)
    {
        if (offset > at || length > data.Length - at)
        {
            return false;
        }

        var source = at - offset;
        if (offset == 1)
        {
            data.Slice(at, length).Fill(data[source]);
            return true;
        }

        // What has been copied repeats the same bytes, so each step may take twice as many.
        while (length > 0)
        {
            var step = Math.Min(length, at - source);
            data.Slice(source, step).CopyTo(data[at..]);
            at += step;
            length -= step;
        }

        return true;
    }
}
