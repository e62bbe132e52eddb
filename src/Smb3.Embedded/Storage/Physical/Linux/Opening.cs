using Smb3.Embedded.Storage.Physical.Linux.Attributes;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>What an opening learned of a file.</summary>
/// <param name="stat">What the inode was.</param>
/// <param name="extras">What its attributes said; null when nobody looked.</param>
internal sealed class Opening(in StatxBuffer stat, InodeExtras? extras = null)
{
    private readonly StatxBuffer _stat = stat;

    /// <summary>What the inode was.</summary>
    public ref readonly StatxBuffer Stat => ref _stat;

    /// <summary>What its attributes said.</summary>
    public InodeExtras? Extras => extras;
}
