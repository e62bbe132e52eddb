using System.Collections.Concurrent;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>The opens of a session by the volatile part of their file id (Session.OpenTable, MS-SMB2 3.3.1.8).</summary>
internal sealed class OpenTable
{
    private readonly ConcurrentDictionary<ulong, Open> _opens = new(concurrencyLevel: 2, capacity: 7);
    private readonly int _limit;
    private int _count;

    public OpenTable(int limit) => _limit = limit;

    public int Count => Volatile.Read(ref _count);

    /// <summary>The opens that a client can use.</summary>
    public IEnumerable<Open> All => AllToTheEnd.Where(open => !open.HasEnded);

    /// <summary>Those, and the ones that are ending, which still hold what they held.</summary>
    public IEnumerable<Open> AllToTheEnd => _opens.Select(pair => pair.Value);

    /// <summary>
    /// Whether one more open is within the limit; a true answer must be followed by <see cref="Add"/> or <see cref="Cancel"/>.
    /// </summary>
    public bool TryReserve()
    {
        if (Interlocked.Increment(ref _count) <= _limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Cancel() => Interlocked.Decrement(ref _count);

    public void Add(Open open)
    {
        _opens[open.FileId.Volatile] = open;
        open.Session.Graph.Changes.Tell(SmbChangeKind.Opened, open);
    }

    /// <summary>Finds an open by the part of its file id that it keeps when its client has reconnected.</summary>
    public Open? Find(ulong persistentId) =>
        _opens.TryGetValue(persistentId, out var open) && open.FileId.Persistent == persistentId && !open.HasEnded
            ? open : All.FirstOrDefault(one => one.FileId.Persistent == persistentId);

    public bool TryGet(Smb2FileId fileId, out Open open) =>
        _opens.TryGetValue(fileId.Volatile, out open!) && open.FileId.Persistent == fileId.Persistent && !open.HasEnded;

    /// <summary>Completes when an open has ended that is ending; <see langword="null"/>: there is no such open.</summary>
    public Task? WhenEnded(Smb2FileId fileId) =>
        _opens.TryGetValue(fileId.Volatile, out var open) && open.FileId.Persistent == fileId.Persistent && open.HasEnded ? open.WhenEnded() : null;

    /// <summary>An open begins to end: its place is free, but requests that must wait for it still find it.</summary>
    public void Leave(Open open, SmbChangeKind why)
    {
        if (_opens.ContainsKey(open.FileId.Volatile))
        {
            Interlocked.Decrement(ref _count);
            open.Session.Graph.Changes.Tell(why, open);
        }
    }

    /// <summary>An open has ended.</summary>
    public void Forget(Open open) => _opens.TryRemove(open.FileId.Volatile, out _);
}
