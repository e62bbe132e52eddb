using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// The named streams of a store's files. A stream is an attribute of its file; its data is kept there while it is small, and in the side
/// store otherwise.
/// </summary>
/// <param name="root">The root of the store; it must be held during construction and while any member is used.</param>
/// <param name="memory">What the extended attributes of each file say.</param>
/// <param name="locks">Guard the extended attributes of each inode.</param>
/// <param name="leases">The leases that the store holds on files, whose data a stream can become.</param>
/// <param name="caseSensitive">Whether names that differ only in case are different streams.</param>
/// <param name="charges">What files cost their owners; null when nobody counts.</param>
internal sealed class StreamStore(
    LinuxRoot root, AttributeMemory memory, InodeLocks locks, LeaseRegister leases, bool caseSensitive, ChargeTable? charges)
    : IStreamLengths, IDisposable
{
    private readonly StreamAttributes _attributes = new(memory.Faults);
    private readonly Lock _sync = new();
    private readonly Dictionary<InodeKey, List<NamedStream>> _open = [];

    /// <summary>The streams that are not small.</summary>
    public SideStore Side { get; } = new(root);

    private StringComparison NameComparison =>
        caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <inheritdoc/>
    public void Dispose() => Side.Dispose();

    /// <summary>Opens or creates a stream, and counts the new handle.</summary>
    public NtResult<NamedStream> Open(FileDescriptor file, string name, bool create)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (locks.Of(stat))
        {
            var status = Find(file, stat, name, out var stream);
            if (status == NtStatus.Success ? create : status != NtStatus.ObjectNameNotFound || !create)
            {
                using var use = new Use(this, stream);
                return status == NtStatus.Success ? NtStatus.ObjectNameCollision : status;
            }

            if (stream is null)
            {
                stream = new NamedStream(InodeKey.Of(stat), name, StreamAttribute.DiskName(name, caseSensitive)) { Data = [] };
                error = Charge(file, stream);
                if (error != 0)
                {
                    return error.ToStatus();
                }

                status = new StreamPlacement(Side, file, stream, stat).Save();
                if (status != NtStatus.Success)
                {
                    Release(stream);
                    return status;
                }

                // NTFS does not count a stream among the entries of a directory.
                if (!stat.IsDirectory)
                {
                    InodeTimes.MarkWritten(file);
                }
            }

            if (stream.Handles++ == 0)
            {
                Keep(stream);
            }

            return stream;
        }
    }

    /// <summary>Uncounts a handle that was closed.</summary>
    public void Close(NamedStream stream)
    {
        lock (locks.Of(stream.Inode))
        {
            if (--stream.Handles > 0)
            {
                return;
            }

            lock (_sync)
            {
                if (_open.TryGetValue(stream.Inode, out var streams) && streams.Remove(stream) && streams.Count == 0)
                {
                    _open.Remove(stream.Inode);
                }
            }
        }

        Release(stream);
    }

    /// <summary>The streams of a file.</summary>
    public NtResult<IReadOnlyList<StoreStreamEntry>> List(FileDescriptor file)
    {
        var all = _attributes.List(file, out var error);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var list = new List<StoreStreamEntry>(all.Count);
        foreach (var (_, attribute) in all)
        {
            if (!attribute.IsAside)
            {
                list.Add(new StoreStreamEntry(attribute.Name, attribute.Data.Length, Resident(attribute.Data.Length)));
            }
            else if (Side.Stat(attribute.Id, out var stat) == 0)
            {
                list.Add(new StoreStreamEntry(attribute.Name, stat.Size, stat.Blocks * 512));
            }
            else
            {
                list.Add(new StoreStreamEntry(attribute.Name, 0, 0));
            }
        }

        return list;
    }

    /// <inheritdoc/>
    public long TotalOf(FileDescriptor file, in StatxBuffer stat)
    {
        // A list of names says whether there is any, and a count that went through the memory would drive all else out of it.
        if (memory.Recall(stat) is { HasStreams: false } || AttributeCalls.List(file, out var names) != 0 || !HasStreams(names))
        {
            return 0;
        }

        long total = 0;
        foreach (var (_, attribute) in _attributes.List(file, out _))
        {
            total += !attribute.IsAside ? attribute.Data.Length : Side.Stat(attribute.Id, out var side) == 0 ? side.Size : 0;
        }

        return total;
    }

    /// <summary>The size allocated for data that is stored with its file: MS-FSA rounds it up to units of 8 bytes.</summary>
    public static long Resident(int length) => (length + 7L) & ~7L;

    /// <summary>Gives a stream another name.</summary>
    public NtStatus Rename(FileDescriptor file, string name, string newName, bool replace)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (locks.Of(stat))
        {
            var status = Find(file, stat, name, out var stream);
            if (status != NtStatus.Success)
            {
                return status;
            }

            using var use = new Use(this, stream);
            NamedStream? victim = null;
            if (!newName.Equals(stream!.Name, NameComparison))
            {
                status = Find(file, stat, newName, out victim);
                if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
                {
                    return status;
                }
            }

            using var victimUse = new Use(this, victim);
            if (victim is not null && !replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            var (oldName, oldDisk) = (stream.Name, stream.DiskName);
            stream.Name = newName;
            stream.DiskName = StreamAttribute.DiskName(newName, caseSensitive);
            status = new StreamPlacement(Side, file, stream, stat).Save();
            if (status != NtStatus.Success)
            {
                (stream.Name, stream.DiskName) = (oldName, oldDisk);
                return status;
            }

            // Only now is nothing lost if the process or the power goes: the new name leads to the stream.
            if (victim is not null)
            {
                Replaced(file, victim, stream.DiskName);
            }

            if (!oldDisk.AsSpan().SequenceEqual(stream.DiskName))
            {
                _ = AttributeCalls.Remove(file, oldDisk);
            }

            InodeTimes.MarkWritten(file);
            return NtStatus.Success;
        }
    }

    /// <summary>Makes a stream's data the file's own; handles on the stream continue with that.</summary>
    public NtStatus MakeData(FileDescriptor file, string name)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (locks.Of(stat))
        {
            var status = Find(file, stat, name, out var stream);
            if (status != NtStatus.Success)
            {
                return status;
            }

            using var use = new Use(this, stream!);
            leases.StepAside(stream!.Inode);
            var data = InodeCalls.Reopen(file, OpenFlags.ReadWrite, out error);
            if (data is null)
            {
                leases.ComeBack(stream.Inode);
                return error.ToStatus();
            }

            if (stat.HasSetIdBits)
            {
                InodeCalls.ClearSetIdBits(data);
            }

            // It is no longer than what it replaces and the stream together, so there is nothing to ask for.
            var length = stream.Charge?.Data;
            length?.TryBegin(0);

            // The data has to be on the disk before the stream goes, which the journal of a file system may keep sooner.
            error = Native.Truncate(data, 0) == 0 ? StreamPlacement.Copy(stream, data) : Native.LastError;
            error = error == 0 && stream.Data is not { Length: 0 } ? DataCalls.Flush(data) : error;
            if (error != 0)
            {
                _ = Native.Truncate(data, 0);
                length?.End(isAsAnnounced: false, new InodeLength(data));
                data.Dispose();
                leases.ComeBack(stream.Inode);
                return error.ToStatus();
            }

            status = Remove(file, stream);
            stream.Length?.Drop();
            stream.MoveTo(data, Guid.Empty, isForeign: false);
            stream.Length = length;
            length?.End(isAsAnnounced: false, stream);
            return status;
        }
    }

    /// <summary>
    /// Makes the file's data a stream, and counts handles on it. The data is in two places from the moment when the stream's attribute is
    /// written until the file is cut, which is what an end of the process or of the power can leave; it is never in none.
    /// </summary>
    public NtResult<NamedStream> NameData(FileDescriptor file, string name, bool replace, int handles, CancellationToken cancellationToken)
    {
        using var open = OwnOpen.Start(leases, file, OpenFlags.ReadWrite, out var error);
        if (open.File is not { } data)
        {
            return error.ToStatus();
        }

        error = InodeCalls.Stat(data, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var stream = new NamedStream(InodeKey.Of(stat), name, StreamAttribute.DiskName(name, caseSensitive));
        var status = NtStatus.Cancelled;
        try
        {
            error = CopyData(data, stat, stream, cancellationToken);
            lock (locks.Of(stat))
            {
                status = error != 0 ? error.ToStatus() : NameData(file, data, stat, stream, replace);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                stream.Handles = handles;
                if (handles > 0)
                {
                    Keep(stream);
                }
            }

            return stream;
        }
        finally
        {
            if (status != NtStatus.Success && stream.Id != Guid.Empty)
            {
                Side.Remove(stream.Id);
            }

            if (status != NtStatus.Success || handles == 0)
            {
                Release(stream);
            }
        }
    }

    /// <summary>Removes a stream; open handles keep working.</summary>
    public NtStatus Delete(FileDescriptor file, string name)
    {
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        lock (locks.Of(stat))
        {
            var status = Find(file, stat, name, out var stream, mustOpen: false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            using var use = new Use(this, stream!);
            status = Remove(file, stream!);
            if (status == NtStatus.Success)
            {
                InodeTimes.MarkWritten(file);
            }

            return status;
        }
    }

    /// <summary>Prepares the removal of the streams of a directory entry's file, in case it loses its last name.</summary>
    public StreamRemoval PrepareRemoval(FileDescriptor directory, byte[] nameWithZero, in StatxBuffer stat) =>
        charges is not null ? PrepareCharged(charges, InodeCalls.OpenPlace(directory, nameWithZero))
            : new(this, memory.OfEntry(directory, nameWithZero, stat).HasStreams ? InodeCalls.OpenPlace(directory, nameWithZero) : null, null);

    /// <summary>A file has lost a name. If it was the last, its streams are removed.</summary>
    public void FileRemoved(FileDescriptor file, InodeCharge? charge)
    {
        if (InodeCalls.Stat(file, out var stat) != 0 || stat.Links > 0 && !stat.IsDirectory)
        {
            return;
        }

        charge?.NoteGone();
        lock (locks.Of(stat))
        {
            foreach (var stream in OpenOf(InodeKey.Of(stat)))
            {
                stream.IsRemoved = true;
            }

            foreach (var (_, attribute) in _attributes.List(file, out _))
            {
                if (attribute.IsAside)
                {
                    RemoveAside(attribute.Id, SideOwner.Of(stat));
                }
            }
        }
    }

    /// <summary>Moves the largest stream that an attribute holds to the side store, so that there is room for another attribute.</summary>
    /// <returns>Whether there is more room now.</returns>
    public bool MakeRoom(FileDescriptor file)
    {
        const int NotWorthIt = 64;
        if (InodeCalls.Stat(file, out var stat) != 0)
        {
            return false;
        }

        lock (locks.Of(stat))
        {
            StreamAttribute largest = default;
            foreach (var (_, attribute) in _attributes.List(file, out _))
            {
                if (attribute.Data.Length > largest.Data.Length)
                {
                    largest = attribute;
                }
            }

            if (largest.Data.Length < NotWorthIt || Find(file, stat, largest.Name, out var stream) != NtStatus.Success)
            {
                return false;
            }

            using var use = new Use(this, stream!);
            return new StreamPlacement(Side, file, stream!, stat).MoveAside() == NtStatus.Success;
        }
    }

    /// <summary>Finds a stream, in use or on disk; the inode's lock must be held.</summary>
    private NtStatus Find(FileDescriptor file, in StatxBuffer stat, string name, out NamedStream? stream, bool mustOpen = true)
    {
        var key = InodeKey.Of(stat);
        stream = OpenOf(key).Find(other => other.Name.Equals(name, NameComparison));
        if (stream is not null)
        {
            return NtStatus.Success;
        }

        var status = _attributes.Find(file, name, caseSensitive, out var diskName, out var attribute);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var found = new NamedStream(key, attribute.Name, diskName);
        if (attribute.IsAside)
        {
            var side = Side.Open(attribute.Id, out var error);
            if (side is null && mustOpen)
            {
                return error == Errno.NoEntry ? NtStatus.FileCorruptError : error.ToStatus();
            }

            if (side is not null)
            {
                var isForeign = SideStore.OwnerOf(side) != SideOwner.Of(stat);
                found.MoveTo(side, attribute.Id, isForeign);
            }
        }
        else
        {
            found.Data = attribute.Data.ToArray();
        }

        var failed = Charge(file, found);
        if (failed != 0)
        {
            found.Close();
            return failed.ToStatus();
        }

        stream = found;
        return NtStatus.Success;
    }

    /// <summary>Gives a stream that is yet to be written a copy of the file's data, which is on the disk then.</summary>
    private Errno CopyData(FileDescriptor data, in StatxBuffer stat, NamedStream stream, CancellationToken cancellationToken)
    {
        if (stat.Size <= StreamPlacement.LargestInline)
        {
            var content = new byte[stat.Size];
            var read = 0;
            var failed = DataCalls.Read(data, 0, content, flags: 0, ref read);
            stream.Data = content[..read];
            return failed;
        }

        var side = Side.Create(SideOwner.Of(stat), out var id, out var error);
        if (side is null)
        {
            return error;
        }

        stream.MoveTo(side, id, isForeign: false);
        error = DataCopy.Copy(data, side, stat.Size, cancellationToken);
        error = error == 0 ? DataCalls.Flush(side) : error;
        return error == 0 ? Side.Flush() : error;
    }

    /// <summary>Writes the attribute of a stream that has the file's data, and cuts the file. The inode's lock is held.</summary>
    private NtStatus NameData(FileDescriptor file, FileDescriptor data, in StatxBuffer stat, NamedStream stream, bool replace)
    {
        var status = Find(file, stat, stream.Name, out var victim);
        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
        {
            return status;
        }

        using var victimUse = new Use(this, victim);
        if (victim is not null && !replace)
        {
            return NtStatus.ObjectNameCollision;
        }

        var error = Charge(file, stream);
        if (error != 0)
        {
            return error.ToStatus();
        }

        // What is charged for the one is charged for the other afterwards, so there is nothing to ask for.
        var length = stream.Charge?.Data;
        stream.Length = stream.Charge is { } charge ? new ChargedLength(charge, 0) : null;
        length?.TryBegin(0);
        stream.Length?.TryBegin(0);
        status = new StreamPlacement(Side, file, stream, stat).Save();
        if (status == NtStatus.Success)
        {
            // The attribute has to be on the disk before the data goes.
            error = stat.Size > 0 ? DataCalls.Flush(data) : 0;
            error = error == 0 && Native.Truncate(data, 0) != 0 ? Native.LastError : error;
            if (error != 0)
            {
                _ = victim is not null && victim.DiskName.AsSpan().SequenceEqual(stream.DiskName)
                    ? new StreamPlacement(Side, file, victim, stat).Save()
                    : AttributeCalls.Remove(file, stream.DiskName).ToStatus();
                status = error.ToStatus();
            }
        }

        length?.End(isAsAnnounced: false, new InodeLength(data));
        if (status != NtStatus.Success)
        {
            stream.Length?.Drop();
            return status;
        }

        stream.Length?.End(isAsAnnounced: false, stream);
        if (victim is not null)
        {
            Replaced(file, victim, stream.DiskName);
        }

        if (stat.HasSetIdBits)
        {
            InodeCalls.ClearSetIdBits(data);
        }

        InodeTimes.MarkWritten(file);
        return NtStatus.Success;
    }

    /// <summary>From now on changes of the stream's length are charged to the owner of its file.</summary>
    private Errno Charge(FileDescriptor file, NamedStream stream)
    {
        if (charges is null)
        {
            return 0;
        }

        if (charges.Enter(file, this, out var error) is { } charge)
        {
            _ = stream.TryGetLength(out var length);
            stream.Charge = charge;
            stream.Length = new ChargedLength(charge, length);
        }

        return error;
    }

    private StreamRemoval PrepareCharged(ChargeTable table, FileDescriptor? file) =>
        new(this, file, file is null ? null : table.Enter(file, this, out _));

    private static bool HasStreams(ReadOnlySpan<byte> names)
    {
        foreach (var name in new AttributeNames(names))
        {
            if (name.StartsWith(InodeExtras.StreamPrefix))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Closes what a stream has open. If that is the file itself, a lease on the file can come back.</summary>
    private void Release(NamedStream stream)
    {
        stream.Close();
        if (stream.IsUnnamed)
        {
            leases.ComeBack(stream.Inode);
        }
        else if (stream.IsRemoved)
        {
            stream.Length?.Drop();
        }

        stream.Charge?.Leave();
    }

    private List<NamedStream> OpenOf(InodeKey key)
    {
        lock (_sync)
        {
            return _open.TryGetValue(key, out var streams) ? streams.FindAll(static stream => !stream.IsRemoved) : [];
        }
    }

    private void Keep(NamedStream stream)
    {
        lock (_sync)
        {
            if (!_open.TryGetValue(stream.Inode, out var streams))
            {
                _open.Add(stream.Inode, streams = []);
            }

            streams.Add(stream);
        }
    }

    private NtStatus Remove(FileDescriptor file, NamedStream stream)
    {
        var error = AttributeCalls.Remove(file, stream.DiskName);
        if (error is not (0 or Errno.NoData))
        {
            return error.ToStatus();
        }

        Removed(stream);
        return NtStatus.Success;
    }

    /// <summary>Another stream has the name now; its attribute is where this one's was, unless the names differ in case.</summary>
    private void Replaced(FileDescriptor file, NamedStream stream, byte[] diskName)
    {
        if (!stream.DiskName.AsSpan().SequenceEqual(diskName))
        {
            _ = AttributeCalls.Remove(file, stream.DiskName);
        }

        Removed(stream);
    }

    private void Removed(NamedStream stream)
    {
        stream.IsRemoved = true;
        if (stream is { Data: null, IsForeign: false } && stream.Id != Guid.Empty)
        {
            Side.Remove(stream.Id);
        }
    }

    private void RemoveAside(Guid id, in SideOwner owner)
    {
        using var side = Side.Open(id, out _);
        if (side is not null && SideStore.OwnerOf(side) == owner)
        {
            Side.Remove(id);
        }
    }

    /// <summary>Closes a stream that was only inspected.</summary>
    private readonly struct Use(StreamStore store, NamedStream? stream) : IDisposable
    {
        public void Dispose()
        {
            if (stream is { Handles: 0 })
            {
                store.Release(stream);
            }
        }
    }
}
