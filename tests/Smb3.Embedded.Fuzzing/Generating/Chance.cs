namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>The one source of chance of a round: the same seed, the same choices.</summary>
internal sealed class Chance(int seed)
{
    private static readonly ulong[] Edges =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 32, 63, 64, 65, 80, 120, 0x7F, 0x80, 0xFF, 0x100, 0xFFE, 0x1000, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF,
        0x10000, 0x10001, 0x800000, 0x1000000, 0x7FFFFFF8, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFF8, 0xFFFFFFFE, 0xFFFFFFFF,
        0x100000000, 0xFFFFFFF0000, 0x7FFFFFFFFFFFFFF8, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF,
    ];

    private readonly Random _random = new(seed);

    public int Next(int below) => _random.Next(below);

    public int Between(int low, int high) => _random.Next(low, high + 1);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => _random.Next(times) == 0;

    public T Of<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    /// <summary>A value at which something changes.</summary>
    public ulong Edge() => Edges[_random.Next(Edges.Length)];

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    public uint Bits() => (uint)_random.NextInt64(1L << 32);

    /// <summary>One of the choices, by their weights.</summary>
    public int Weighted(ReadOnlySpan<int> weights)
    {
        var sum = 0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        var at = _random.Next(sum);
        for (var i = 0; ; i++)
        {
            if ((at -= weights[i]) < 0)
            {
                return i;
            }
        }
    }
}
