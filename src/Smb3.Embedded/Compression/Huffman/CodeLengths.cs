namespace Smb3.Embedded.Compression.Huffman;

/// <summary>
/// How long the code of each symbol should be (MS-XCA 2.1.4.2), by the method of Moffat and Katajainen ("In-Place Calculation of Minimum-Redundancy
/// Codes", 1995), which needs no tree.
/// </summary>
internal sealed class CodeLengths
{
    private readonly ulong[] _byCount = new ulong[HuffmanCode.Symbols];
    private readonly int[] _work = new int[HuffmanCode.Symbols];

    /// <summary>Finds lengths of 15 bits at the most.</summary>
    /// <param name="counts">How often each symbol comes; they are changed where a code would become too long.</param>
    /// <param name="lengths">The lengths; 0 where a symbol does not come.</param>
    public void Find(Span<int> counts, Span<byte> lengths)
    {
        while (true)
        {
            var used = Sort(counts);
            if (used == 1)
            {
                // A code of one symbol is not complete, and decoders refuse it.
                counts[counts[0] == 0 ? 0 : 1] = 1;
                continue;
            }

            for (var i = 0; i < used; i++)
            {
                _work[i] = (int)(_byCount[i] >> 32);
            }

            Minimize(_work.AsSpan(0, used));
            if (used == 0 || _work[0] <= HuffmanCode.LongestCode)
            {
                lengths.Clear();
                for (var i = 0; i < used; i++)
                {
                    lengths[(int)(uint)_byCount[i]] = (byte)_work[i];
                }

                return;
            }

            // Flatter counts make shorter codes; at the latest when all are 1 none is longer than 9.
            foreach (ref var count in counts)
            {
                count = (count + 1) >> 1;
            }
        }
    }

    /// <summary>The symbols that come, the rarest first; returns how many there are.</summary>
    private int Sort(ReadOnlySpan<int> counts)
    {
        var used = 0;
        for (var symbol = 0; symbol < counts.Length; symbol++)
        {
            if (counts[symbol] > 0)
            {
                _byCount[used++] = ((ulong)counts[symbol] << 32) | (uint)symbol;
            }
        }

        _byCount.AsSpan(0, used).Sort();
        return used;
    }

    /// <summary>Puts the lengths of codes in the place of counts that rise; the lengths fall.</summary>
    private static void Minimize(Span<int> a)
    {
        var n = a.Length;
        if (n < 2)
        {
            return;
        }

        // Leaves and inner nodes are joined, the lightest two at a time; a node that has been joined names its parent.
        a[0] += a[1];
        int root = 0, leaf = 2;
        for (var next = 1; next < n - 1; next++)
        {
            if (leaf >= n || a[root] < a[leaf])
            {
                a[next] = a[root];
                a[root++] = next;
            }
            else
            {
                a[next] = a[leaf++];
            }

            if (leaf >= n || (root < next && a[root] < a[leaf]))
            {
                a[next] += a[root];
                a[root++] = next;
            }
            else
            {
                a[next] += a[leaf++];
            }
        }

        // Inner nodes: from parents to depths.
        a[n - 2] = 0;
        for (var next = n - 3; next >= 0; next--)
        {
            a[next] = a[a[next]] + 1;
        }

        // Leaves take the places at each depth that inner nodes leave.
        int available = 1, used = 0, depth = 0, inner = n - 2, at = n - 1;
        while (available > 0)
        {
            while (inner >= 0 && a[inner] == depth)
            {
                used++;
                inner--;
            }

            while (available > used)
            {
                a[at--] = depth;
                available--;
            }

            available = 2 * used;
            depth++;
            used = 0;
        }
    }
}
