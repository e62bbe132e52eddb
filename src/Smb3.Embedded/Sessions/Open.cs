using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// An open file, directory or pipe of a session (MS-SMB2 3.3.1.10). It belongs to the session and its tree connect and is reached
/// through any channel. Samba: smbXsrv_open.
/// </summary>
internal abstract class Open
{
    private Ending _ending;
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

    /// <summary>Whether it has left its session, or is about to: it can no longer be found.</summary>
    public bool HasEnded => _ending.HasBegun;

    /// <summary>Completes when its end is over, which has begun; fails if that failed.</summary>
    public Task WhenEnded() => _ending.WhenOver();

    /// <summary>A request other than the one that created it names this open.</summary>
    public virtual void Use(Smb2Command command)
    {
    }

    /// <summary>Flushes what was written through it, if anything was.</summary>
    public virtual ValueTask FlushAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Ends the open, whatever the cause, on this one path: takes it out of the session's table and releases what it holds. The first call
    /// does the work and returns true; every other call returns false once that is finished.
    /// </summary>
    public ValueTask<bool> EndAsync() => LeaveAsync(outlives: false);

    /// <summary>
    /// Its session lost its last connection, or was taken over by a new one: an open that may outlive that does so (MS-SMB2 3.3.7.1), and
    /// any other ends.
    /// </summary>
    public ValueTask<bool> LoseSessionAsync() => LeaveAsync(CanOutlive);

    /// <summary>Whether it can go on without its session.</summary>
    protected virtual bool CanOutlive => false;

    /// <summary>Releases what it holds.</summary>
    protected abstract ValueTask ReleaseAsync();

    /// <summary>Hands what it holds over to its new owner. Only called when <see cref="CanOutlive"/> is true.</summary>
    protected virtual ValueTask DisconnectAsync() => ReleaseAsync();

    private async ValueTask<bool> LeaveAsync(bool outlives)
    {
        if (!_ending.TryBegin())
        {
            await _ending.WhenOver().ConfigureAwait(false);
            return false;
        }

        try
        {
            ChannelSequence.Close();
            Session.Opens.Leave(this, outlives ? SmbChangeKind.Disconnected : SmbChangeKind.Closed);
            if (outlives)
            {
                await DisconnectAsync().ConfigureAwait(false);
            }
            else
            {
                await ReleaseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            Session.Opens.Forget(this);
            _ending.Finish(e);
            throw;
        }

        Session.Opens.Forget(this);
        _ending.Finish();
        return true;
    }
}
