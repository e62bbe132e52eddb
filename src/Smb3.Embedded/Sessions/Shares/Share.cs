using System.Collections.Concurrent;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Sessions.Shares;

/// <summary>What is behind a share's name (MS-SMB2 3.3.1.6).</summary>
internal sealed class Share
{
    private const long PlaceCheckInterval = 100; // milliseconds

    private readonly ConcurrentDictionary<TreeConnect, bool> _trees = new();
    private volatile bool _removed;
    private volatile bool _wasInPlace = true;
    private long _placeCheckedAt = Environment.TickCount64;

    public required string Name { get; init; }

    public string Comment { get; init; } = string.Empty;

    /// <summary>The files; <see langword="null"/> for IPC$.</summary>
    public Volume? Volume { get; init; }

    public bool IsPipe => Volume is null;

    public bool ReadOnly { get; init; }

    /// <summary>Whether every request on the share must be encrypted.</summary>
    public bool Encrypt { get; init; }

    public bool AllowGuest { get; init; }

    /// <summary>Whether macOS is told that it can keep Time Machine backups here.</summary>
    public bool TimeMachine { get; init; }

    /// <summary>Whether the POSIX extensions are spoken here.</summary>
    public bool Posix { get; init; }

    /// <summary>Whether listings leave out what the caller may not read (MS-SMB2 3.3.1.6, DoAccessBasedDirectoryEnumeration).</summary>
    public bool AccessBasedEnumeration { get; init; }

    /// <summary>Left out of the list that clients see.</summary>
    public bool Hidden { get; init; }

    /// <summary>Tree connects at the same time; <see langword="null"/>: any number.</summary>
    public int? MaxUsers { get; init; }

    /// <summary>Who may do what; empty: every authenticated user may do everything.</summary>
    public SharePermissions Permissions { get; init; } = SharePermissions.Everyone;

    public int CurrentUses => _trees.Count;

    public bool IsRemoved => _removed;

    /// <summary>Whether the files are still those that the share was opened on, as of now.</summary>
    public bool IsInPlace => Volume?.Store is not IPlacedStore placed || placed.CheckPlace() == StorePlace.Same;

    /// <summary>The same, as of a moment ago: for what is asked often.</summary>
    public bool WasInPlace
    {
        get
        {
            if (Volume?.Store is not IPlacedStore)
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

    public void Add(TreeConnect tree) => _trees[tree] = true;

    public void Remove(TreeConnect tree) => _trees.TryRemove(tree, out _);

    /// <summary>Ends every use of the share.</summary>
    public async ValueTask EndUsesAsync()
    {
        _removed = true;
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

        ending.ThrowIfFailed();
    }
}
