namespace Smb3.Embedded.ObjectServices;

/// <summary>The order of keys as bytes of UTF-8, in which services list them: that of code points, not of UTF-16 units.</summary>
internal static class Utf8Order
{
    public static int Compare(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length - right.Length;
        }

        return Rank(left[same]) - Rank(right[same]);
    }

    // Surrogates stand for code points above all that one unit can say.
    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
