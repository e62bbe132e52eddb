using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

/// <summary>What was learned about a file while opening it.</summary>
/// <param name="stat">The state of the inode.</param>
/// <param name="extras">What its attributes said; null when they were not read.</param>
internal sealed class Opening(in StatxBuffer stat, InodeExtras? extras = null)
{
    private readonly StatxBuffer _stat = stat;

    /// <summary>The state of the inode.</summary>
    public ref readonly StatxBuffer Stat => ref _stat;

    /// <summary>What its attributes said.</summary>
    public InodeExtras? Extras => extras;
}
