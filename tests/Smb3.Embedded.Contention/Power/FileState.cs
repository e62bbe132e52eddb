namespace Smb3.Embedded.Contention.Power;

/// <summary>A file.</summary>
/// <param name="Number">What its content says it is.</param>
/// <param name="Blocks">The version of each block; 0: zeros.</param>
/// <param name="Stream">The same of its named stream; null: it has none.</param>
internal sealed record FileState(ulong Number, IReadOnlyList<long> Blocks, IReadOnlyList<long>? Stream = null)
{
    public const string StreamName = ":notes";

    /// <summary>What the stream's content says it is.</summary>
    public ulong StreamNumber => Number | (1UL << 40);

    /// <summary>Hidden and system, as a client has set them.</summary>
    public FileAttributes Attributes { get; init; }

    /// <summary>The time of creation that a client has set; 0: none has.</summary>
    public long CreationTime { get; init; }
}
