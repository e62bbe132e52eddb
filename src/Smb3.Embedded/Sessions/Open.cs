using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// An open file, directory or pipe of a session (MS-SMB2 3.3.1.10). It belongs to the session and its tree connect and is reached
/// through any channel. Samba: smbXsrv_open.
/// </summary>
internal abstract class Open
{
    private int _ended;
    private QuotaCursor? _quotaCursor;

    protected Open(Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence)
    {
        ChannelSequence = new ChannelSequence(channelSequence);
        FileId = fileId;
        TreeConnect = treeConnect;
        OpenedAt = Session.Graph.Settings.TimeProvider.GetUtcNow();
    }

    public Smb2FileId FileId { get; }

    public TreeConnect TreeConnect { get; }

    public ChannelSequence ChannelSequence { get; }

    public QuotaCursor QuotaCursor => LazyInitializer.EnsureInitialized(ref _quotaCursor);

    public Session Session => TreeConnect.Session;

    public DateTimeOffset OpenedAt { get; }

    /// <summary>The path inside the share, or the pipe's name, for logs and inspection.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it has left its session.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>A request names it, other than the one that made it.</summary>
    public virtual void Use()
    {
    }

    /// <summary>Makes safe what was written through it, if anything was.</summary>
    public virtual ValueTask FlushAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Ends the open on its one path, whatever the cause: takes it out of the session's table and releases what it holds. Only the first
    /// call does it; it says whether it was that one.
    /// </summary>
    public async ValueTask<bool> EndAsync()
    {
        if (!TryLeave())
        {
            return false;
        }

        await ReleaseAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Its session lost its last connection, or was taken over by a new one: what may outlive that does (MS-SMB2 3.3.7.1), everything else
    /// ends.
    /// </summary>
    public virtual async ValueTask LoseSessionAsync() => await EndAsync().ConfigureAwait(false);

    /// <summary>Takes the open out of its session; only the first call does it.</summary>
    protected bool TryLeave(SmbChangeKind why = SmbChangeKind.Closed)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return false;
        }

        Session.Opens.Remove(this, why);
        return true;
    }

    protected abstract ValueTask ReleaseAsync();
}
