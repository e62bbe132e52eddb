using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>
/// How the two sides of a connection may compress messages (MS-SMB2 3.3.1.7: Connection.CompressionIds and SupportsChainedCompression).
/// </summary>
/// <param name="Algorithms">What both can do, in the order in which the client likes it; at least one.</param>
/// <param name="IsChained">Whether a message may be made of several payloads.</param>
internal sealed record CompressionAgreement(IReadOnlyList<Smb2CompressionAlgorithm> Algorithms, bool IsChained)
{
    /// <summary>What data is compressed with; <see langword="null"/>: only patterns are.</summary>
    public Smb2CompressionAlgorithm? Codec { get; } =
        Algorithms.Where(CompressionCodec.Has).Select(static algorithm => (Smb2CompressionAlgorithm?)algorithm).FirstOrDefault();

    /// <summary>What metrics call it.</summary>
    public string Name => AlgorithmNames.Of(Codec ?? Smb2CompressionAlgorithm.PatternV1);

    /// <summary>Whether runs of one byte are told as such.</summary>
    public bool HasPatterns { get; } = IsChained && Algorithms.Contains(Smb2CompressionAlgorithm.PatternV1);

    /// <summary>Whether a message may come in an algorithm.</summary>
    public bool Allows(Smb2CompressionAlgorithm algorithm)
    {
        // Asked for every message: an enumerator would be allocated each time.
        for (var i = 0; i < Algorithms.Count; i++)
        {
            if (Algorithms[i] == algorithm)
            {
                return true;
            }
        }

        return false;
    }
}
