using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// A file of all clients, as it must be. Who writes a block has locked it, and who appends has locked the end; the locks lie behind all
/// data, so that reads meet none.
/// </summary>
internal sealed class SharedFile(string folder, int number, RunReport report)
{
    /// <summary>The lock of whoever appends, after those of the blocks.</summary>
    public const int End = BlockContent.PerFile;

    private const ulong LocksAt = 1UL << 40;

    private readonly int[] _holders = new int[End + 1];

    public ulong Number { get; } = (ulong)number + 1;

    public string Name { get; } = $"{folder}\\shared-{number}";

    public History History { get; } = new($"{folder}\\shared-{number}", report);

    /// <summary>What each block may hold.</summary>
    public BlockTruth[] Blocks { get; } = [.. Enumerable.Range(0, BlockContent.PerFile).Select(static _ => new BlockTruth())];

    /// <summary>Who has appended each block behind those. Changed by whoever holds the lock of the end.</summary>
    public List<int> Appended { get; } = [];

    public static ulong LockOf(int place) => LocksAt + (ulong)place;

    /// <summary>A client was told that it has a lock.</summary>
    /// <returns>Who has it too; 0: nobody.</returns>
    public int Take(int place, int client) => Interlocked.Exchange(ref _holders[place], client);

    /// <summary>A client is about to give a lock back.</summary>
    public void Leave(int place) => Volatile.Write(ref _holders[place], 0);
}
