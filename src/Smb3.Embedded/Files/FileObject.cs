using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// A file or directory that is open at least once: what all its opens share (MS-FSA section 2.1.1.3, File). It is in the volume's
/// table from the first open to the last close.
/// </summary>
internal sealed class FileObject
{
    private readonly HashSet<FileOpen> _opens = [];
    private readonly List<FileLink> _links = [];
    private ShareModes _share;
    private NameGate? _appendGate;
    private volatile ByteRangeLocks? _locks;

    /// <summary>A file of <paramref name="volume"/>.</summary>
    public FileObject(Volume volume, ulong fileId, bool isDirectory)
    {
        Volume = volume;
        FileId = fileId;
        IsDirectory = isDirectory;
        Times = new ShownTimes(volume.Options);
        Caching = new FileCaching(this);
    }

    /// <summary>Guards everything here that changes. Held for moments, never across an await.</summary>
    public Lock Sync { get; } = new();

    /// <summary>The volume that holds it.</summary>
    public Volume Volume { get; }

    /// <summary>The store's number of the file.</summary>
    public ulong FileId { get; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>The times that handles see while they differ from the store's.</summary>
    public ShownTimes Times { get; }

    /// <summary>The oplocks and leases. Guarded by <see cref="Sync"/>.</summary>
    public FileCaching Caching { get; }

    /// <summary>Puts appends in a row, so that no two of them find the same end.</summary>
    public NameGate AppendGate => LazyInitializer.EnsureInitialized(ref _appendGate, static () => new NameGate(StringComparer.Ordinal))!;

    /// <summary>Creates under way and opens, which keep it in the table. Guarded by the table's lock.</summary>
    public int References { get; set; }

    /// <summary>The byte-range locks; <see langword="null"/> until somebody locks.</summary>
    public ByteRangeLocks? Locks => _locks;

    /// <summary>How many opens there are.</summary>
    public int OpenCount
    {
        get
        {
            lock (Sync)
                return _opens.Count;
        }
    }

    /// <summary>The opens, as of now.</summary>
    public FileOpen[] GetOpens()
    {
        lock (Sync)
            return [.. _opens];
    }

    /// <summary>Makes the lock table on the first lock.</summary>
    public ByteRangeLocks GetOrCreateLocks()
    {
        if (_locks is { } locks)
            return locks;
        lock (Sync)
            return _locks ??= new ByteRangeLocks(Volume.Options.MaxLocksPerFile);
    }

    /// <summary>Whether the name <paramref name="path"/> is to be deleted by its last close.</summary>
    public bool IsDeletePending(StorePath path)
    {
        lock (Sync)
            return FindLink(path) is { DeletePending: true };
    }

    /// <summary>Whether one more open with this access and sharing would collide with those that exist.</summary>
    public NtStatus CheckShare(StorePath path, FileAccessMask access, ShareAccess share)
    {
        lock (Sync)
        {
            if (FindLink(path) is { DeletePending: true })
                return NtStatus.DeletePending;
            return _share.Allows(access, share) ? NtStatus.Success : NtStatus.SharingViolation;
        }
    }

    /// <summary>
    /// Takes an open in, unless its name is to be deleted or its sharing collides, and grants it the caching that it wishes for. What
    /// other clients cache and must give up first is broken.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="path">The name by which it came.</param>
    /// <param name="wish">The caching that it asks for.</param>
    /// <param name="overwrites">Whether it overwrites the file, which counts as writing for those who share it.</param>
    /// <param name="again">Whether it has waited before.</param>
    /// <param name="wait">With PENDING: completes when it is worth trying again.</param>
    public NtStatus TryAdd(FileOpen open, StorePath path, CachingWish? wish, bool overwrites, bool again, out Task? wait)
    {
        BreakBatch breaks = default;
        var status = TryAdd(open, path, wish, overwrites, again, ref breaks, out wait);
        breaks.Send();
        return status;
    }

    private NtStatus TryAdd(
        FileOpen open, StorePath path, CachingWish? wish, bool overwrites, bool again, ref BreakBatch breaks, out Task? wait)
    {
        wait = null;
        lock (Sync)
        {
            var link = FindLink(path);
            if (link is { DeletePending: true })
                return NtStatus.DeletePending;

            // To cut a file is to write it, for those who have it open (MS-FSA 2.1.5.1.2).
            var collides = !_share.Allows(open.GrantedAccess | (overwrites ? FileAccessMask.WriteData : 0), open.ShareAccess);
            if (Caching.BreakForOpen(wish, open, collides, overwrites, again, ref breaks))
            {
                wait = Caching.WhenChanged();
                return NtStatus.Pending;
            }

            if (collides)
                return NtStatus.SharingViolation;
            var status = Caching.Add(open, wish);
            if (status != NtStatus.Success)
                return status;
            if (link is null)
            {
                link = new FileLink(this, path);
                _links.Add(link);
            }

            if (IsDirectory && open.Grant is not null)
                Volume.LeasedDirectories.Add(link.Path, this);

            link.OpenCount++;
            _share.Add(open.GrantedAccess, open.ShareAccess);
            _opens.Add(open);
            open.Link = link;
            return NtStatus.Success;
        }
    }

    /// <summary>Whether closing <paramref name="open"/> deletes its name; a FILE_DELETE_ON_CLOSE takes effect here.</summary>
    public bool BeginClose(FileOpen open)
    {
        lock (Sync)
        {
            var link = open.Link!;
            if (open.Record.DeleteOnClose && link is { Removed: false, DeletePending: false })
                MarkDeletePending(link);
            return link is { DeletePending: true, Removed: false } && (link.OpenCount == 1 || open.DeletesAtOnce);
        }
    }

    /// <summary>The store was asked to delete the name; a name that stayed (a directory filled up meanwhile) can be opened again.</summary>
    public void EndDelete(FileLink link, bool removed)
    {
        lock (Sync)
        {
            if (!removed)
                Volume.SetDeletePending(link, false);
            else
                MarkRemoved(link);
        }
    }

    /// <summary>The name <paramref name="path"/> no longer leads here, though opens by it may go on.</summary>
    public void RemoveName(StorePath path)
    {
        lock (Sync)
        {
            if (FindLink(path) is { } link)
                MarkRemoved(link);
        }
    }

    /// <summary>A name moved, and all opens by it with it.</summary>
    public void Move(FileLink link, StorePath path)
    {
        lock (Sync)
        {
            if (IsDirectory)
                Volume.LeasedDirectories.Move(link.Path, path, this);
            link.Path = path;
            foreach (var open in _opens)
            {
                if (open.Link == link)
                    open.Record.Path = path;
            }
        }
    }

    /// <summary>Sets or takes back the deletion of a name.</summary>
    public void SetDeletePending(FileOpen open, bool pending)
    {
        lock (Sync)
        {
            if (open.Link is not { Removed: false } link || link.DeletePending == pending)
                return;
            if (pending)
                MarkDeletePending(link);
            else
                Volume.SetDeletePending(link, false);
        }
    }

    /// <summary>Takes an open out.</summary>
    public void Remove(FileOpen open)
    {
        lock (Sync)
        {
            if (!_opens.Remove(open))
                return;
            _share.Remove(open.GrantedAccess, open.ShareAccess);
            Caching.Remove(open);
            var link = open.Link!;
            if (IsDirectory && !Caching.HasGrants)
                Volume.LeasedDirectories.Remove(link.Path, this);
            if (--link.OpenCount > 0)
                return;
            _links.Remove(link);
            if (link is { DeletePending: true, Removed: false })
                Volume.SetDeletePending(link, false);
        }
    }

    /// <summary>The names by which it is open, as of now.</summary>
    public FileLink[] GetLinks()
    {
        lock (Sync)
            return [.. _links];
    }

    /// <summary>Whether any open other than <paramref name="besides"/> meets <paramref name="condition"/>.</summary>
    public bool AnyOpen(FileOpen? besides, Func<FileOpen, bool> condition)
    {
        lock (Sync)
        {
            foreach (var open in _opens)
            {
                if (open != besides && condition(open))
                    return true;
            }

            return false;
        }
    }

    private void MarkDeletePending(FileLink link)
    {
        Volume.SetDeletePending(link, true);
        if (!IsDirectory)
            return;
        foreach (var open in _opens)
            open.TellDeletePending();
    }

    private void MarkRemoved(FileLink link)
    {
        if (link.DeletePending)
            Volume.SetDeletePending(link, false);
        link.Removed = true;
    }

    private FileLink? FindLink(StorePath path)
    {
        foreach (var link in _links)
        {
            if (!link.Removed && Volume.SamePath(link.Path, path))
                return link;
        }

        return null;
    }
}
