using System.Collections.Concurrent;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

/// <summary>What is behind a share's name (MS-SMB2 3.3.1.6).</summary>
internal sealed class Share
{
    private const long PlaceCheckInterval = 100; // milliseconds

    private readonly ConcurrentDictionary<TreeConnect, bool> _trees = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _opening;
    private int _uses;
    private volatile bool _wasInPlace = true;
    private volatile IDfsRoot? _dfs;
    private volatile bool _isLeaving;
    private long _placeCheckedAt = Environment.TickCount64;

    public required string Name { get; init; }

    /// <summary>The share that it is a part of, as the cluster has split it; <see langword="null"/>: it is a whole one.</summary>
    public string? PartOf { get; init; }

    /// <summary>The share as the host knows it.</summary>
    public string NameForHost => PartOf ?? Name;

    /// <summary>A path here, as the host knows it: from the root of the whole share.</summary>
    public string PathForHost(string path) => Volume?.Territory?.Root is not { IsRoot: false, Text: var folder } ? path
        : path.Length == 0 || path[0] == ':' ? folder + path : $@"{folder}\{path}";

    public string Comment { get; init; } = string.Empty;

    /// <summary>The files; <see langword="null"/> for IPC$, and for a share that another node of the cluster serves.</summary>
    public Volume? Volume { get; init; }

    public bool IsPipe => Volume is null && !IsClustered;

    public bool ReadOnly { get; init; }

    /// <summary>Whether every request on the share must be encrypted.</summary>
    public bool Encrypt { get; init; }

    /// <summary>Whether clients are asked to compress what they send to the share, and to have compressed what they read.</summary>
    public bool Compress { get; init; }

    public bool AllowGuest { get; init; }

    /// <summary>Whether macOS is told that it can keep Time Machine backups here.</summary>
    public bool TimeMachine { get; init; }

    /// <summary>Whether the POSIX extensions are spoken here.</summary>
    public bool Posix { get; init; }

    /// <summary>
    /// Whether its persistent opens outlive the process (MS-SMB2 3.3.1.6, IsCA): its volume has a journal. Clients are told so.
    /// </summary>
    public bool IsContinuouslyAvailable { get; init; }

    /// <summary>Whether listings leave out what the caller may not read (MS-SMB2 3.3.1.6, DoAccessBasedDirectoryEnumeration).</summary>
    public bool AccessBasedEnumeration { get; init; }

    /// <summary>
    /// What is elsewhere of it, and where (MS-SMB2 3.3.1.6, IsDfs); <see langword="null"/>: all of it is here. A share can go elsewhere and
    /// come back while it is used: then this is set to a <see cref="ShareElsewhere"/>, and to null again.
    /// </summary>
    public IDfsRoot? Dfs
    {
        get => _dfs;
        set => _dfs = value;
    }

    /// <summary>Left out of the list that clients see.</summary>
    public bool Hidden { get; init; }

    /// <summary>The most tree connects at the same time; <see langword="null"/>: any number.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>Who may do what; empty: every authenticated user may do everything.</summary>
    public SharePermissions Permissions { get; init; } = SharePermissions.Everyone;

    /// <summary>Whether it is being served, and when it has ended.</summary>
    public ShareLife Life { get; } = new();

    public int CurrentUses => Volatile.Read(ref _uses);

    /// <summary>Whether it has been removed, or is about to be: it can no longer be used.</summary>
    public bool IsRemoved => !Life.IsServing;

    /// <summary>Whether it is one that the nodes of a cluster serve in turn.</summary>
    public bool IsClustered { get; init; }

    /// <summary>
    /// Stands between clients and what a clustered share has answered, once it is another node's; <see langword="null"/> for all others.
    /// </summary>
    public IGuard? Guard => Volume is { Options.Lease: not null, Fence: var fence } ? fence : null;

    /// <summary>Whether it is about to go to another node, which new clients wait for.</summary>
    public bool IsLeaving
    {
        get => _isLeaving;
        set => _isLeaving = value;
    }

    /// <summary>The tree connects to it at this moment.</summary>
    public IEnumerable<TreeConnect> Trees => _trees.Keys;

    /// <summary>Whether the files are still those that the share was opened on, as of now.</summary>
    public bool IsInPlace => Volume?.Place is not { } placed || placed.CheckPlace() == StorePlace.Same;

    /// <summary>The same, as of a moment ago, for checks that are made often.</summary>
    public bool WasInPlace
    {
        get
        {
            if (Volume?.Place is null)
            {
                return true;
            }

            var now = Environment.TickCount64;
            if (now - Volatile.Read(ref _placeCheckedAt) < PlaceCheckInterval)
            {
                return _wasInPlace;
            }

            _wasInPlace = IsInPlace;
            Volatile.Write(ref _placeCheckedAt, now);
            return _wasInPlace;
        }
    }

    /// <summary>Asks for the groups of a directory that <see cref="Permissions"/> name; before <see cref="MaximalAccessOf"/> of a new user.</summary>
    public ValueTask KnowGroupsAsync(DirectoryAccounts? directory, CancellationToken cancellationToken) =>
        Permissions.Directory.KnowAsync(directory, cancellationToken);

    /// <summary>The most that <paramref name="identity"/> can be granted here; none: the share is closed to them.</summary>
    public FileAccessMask MaximalAccessOf(SmbIdentity identity)
    {
        if ((identity.IsGuest || identity.IsAnonymous) && !AllowGuest && !IsPipe)
        {
            return FileAccessMask.None;
        }

        var access = Permissions.AccessOf(identity);
        return ReadOnly ? access & (FileAccessMask.FileGenericRead | FileAccessMask.FileGenericExecute) : access;
    }

    /// <summary>
    /// Makes room for one more use, unless there are already <see cref="MaxUsers"/>. A true answer is followed by <see cref="Add"/>, or by
    /// <see cref="Leave"/>.
    /// </summary>
    public bool TryReserve()
    {
        if (Interlocked.Increment(ref _uses) <= (MaxUsers ?? int.MaxValue))
        {
            return true;
        }

        Interlocked.Decrement(ref _uses);
        return false;
    }

    public void Add(TreeConnect tree) => _trees[tree] = true;

    /// <summary>A use is over, or about to be: there is room for another.</summary>
    public void Leave() => Interlocked.Decrement(ref _uses);

    /// <summary>A tree connect no longer holds anything of the share.</summary>
    public void Forget(TreeConnect tree) => _trees.TryRemove(tree, out _);

    /// <summary>
    /// Whether something may be opened; false when the share is going away. A true answer is followed by one <see cref="EndOpening"/>:
    /// until then the share does not let go of its files.
    /// </summary>
    public bool TryBeginOpening()
    {
        Interlocked.Increment(ref _opening);
        if (!IsRemoved)
        {
            return true;
        }

        EndOpening();
        return false;
    }

    public void EndOpening()
    {
        if (Interlocked.Decrement(ref _opening) == 0 && IsRemoved)
        {
            _settled.TrySetResult();
        }
    }

    /// <summary>Its files belong to another owner from now on; <see cref="EndAsync"/> abandons what is open.</summary>
    public void Fence()
    {
        Life.Fence();
        Volume?.Fence.Raise();
    }

    /// <summary>
    /// Ends every use of the share. When it returns, nothing of it is open or being opened any more. The first call does the work and
    /// returns true; every other call returns false once that is finished.
    /// </summary>
    /// <param name="endRest">Ends what is left without a tree connect.</param>
    public async ValueTask<bool> EndAsync(Func<Share, ValueTask> endRest)
    {
        if (!Life.TryBeginEnd())
        {
            await Life.Ended.ConfigureAwait(false);
            return false;
        }

        var ending = default(EndingAll);
        foreach (var tree in _trees.Keys)
        {
            try
            {
                await tree.EndAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                ending.Note(e);
            }
        }

        // An opener counts itself in first and looks at the state second; here it is the other way round.
        if (Volatile.Read(ref _opening) != 0)
        {
            await WhenSettledAsync().ConfigureAwait(false);
        }

        try
        {
            await endRest(this).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ending.Note(e);
        }

        Life.Finish(ending.Failure);
        ending.ThrowIfFailed();
        return true;
    }

    /// <summary>
    /// Completes when nothing is being opened. Once the store is fenced off, nothing waits for it: an opener that comes back from the store
    /// finds the fence and opens nothing.
    /// </summary>
    private async ValueTask WhenSettledAsync()
    {
        if (Volume is { } volume)
        {
            await volume.Fence.WaitForAsync(_settled.Task).ConfigureAwait(false);
        }
        else
        {
            await _settled.Task.ConfigureAwait(false);
        }
    }
}
