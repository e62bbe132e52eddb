using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Watching;

namespace Smb3.Embedded.Storage.Physical.Linux.Guards;

/// <summary>Guards files of a share against other programs: by a watch on the inode, and where requested by a kernel lease.</summary>
/// <param name="leases">The leases that the store holds.</param>
/// <param name="shortages">Told about resources that the machine lacks.</param>
internal sealed class OutsideGuards(LeaseRegister leases, Shortages shortages)
{
    /// <summary>Starts guarding a file; null when it cannot be watched.</summary>
    public IOutsideGuard? Guard(FileDescriptor file, bool holdsBack, Action<OutsideUse> used)
    {
        var guard = new OutsideGuard(used);
        if (!NotifyQueue.OfProcess.TryAdd(file, WatchEvents.OfFile, guard, out var watch, out var problem))
        {
            if (problem is not null)
            {
                shortages.Report(problem);
            }

            return null;
        }

        guard.Watch = watch;
        if (holdsBack && !file.IsPlace && InodeCalls.Stat(file, out var stat) == 0)
        {
            guard.Lease = FileLease.Start(leases, InodeKey.Of(stat), file, used);
        }

        return guard;
    }

    private sealed class OutsideGuard(Action<OutsideUse> used) : IOutsideGuard, IWatched
    {
        public int Watch { get; set; }

        public FileLease? Lease { get; set; }

        public void Cover(bool writes) => Lease?.Want(writes ? LeaseKind.Write : LeaseKind.Read);

        public void Hear(in WatchEvent happened, WatchRound round)
        {
            if (!happened.IsAny(WatchEvents.Ignored))
            {
                used(OutsideUse.Changed);
            }
        }

        public void Lose() => used(OutsideUse.Changed);

        public void Dispose()
        {
            Lease?.Dispose();
            NotifyQueue.OfProcess.Remove(Watch, this);
        }
    }
}
