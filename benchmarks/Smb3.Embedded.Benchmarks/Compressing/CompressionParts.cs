namespace Smb3.Embedded.Benchmarks.Compressing;

/// <summary>What there is to measure of compression, all of it or some by name.</summary>
internal static class CompressionParts
{
    private static readonly (string Name, Action Run)[] All =
    [
        ("rates", CodecRates.Run), ("reads", CompressionCost.Run), ("pieces", PieceGain.Run),
    ];

    /// <summary>The exit code: 2 where there is no part of a name.</summary>
    public static int Run(string[] names)
    {
        if (names.Except(All.Select(static part => part.Name)).FirstOrDefault() is { } unknown)
        {
            Console.Error.WriteLine($"There is no '{unknown}', but {string.Join(", ", All.Select(static part => part.Name))}.");
            return 2;
        }

        foreach (var (_, run) in All.Where(part => names.Length == 0 || names.Contains(part.Name)))
        {
            run();
        }

        return 0;
    }
}
