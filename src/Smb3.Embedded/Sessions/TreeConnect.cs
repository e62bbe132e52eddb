using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

/// <summary>A session's use of a share (MS-SMB2 3.3.1.9). Samba: smbXsrv_tcon.</summary>
internal sealed class TreeConnect
{
    private Ending _ending;
    private volatile bool _isDisconnected;

    public TreeConnect(uint treeId, Session session, Share share, FileAccessMask maximalAccess)
    {
        TreeId = treeId;
        Session = session;
        Share = share;
        MaximalAccess = maximalAccess;
    }

    public uint TreeId { get; }

    public Session Session { get; }

    public Share Share { get; }

    /// <summary>The most that an open of this tree connect can be granted, whatever the file's own descriptor says.</summary>
    public FileAccessMask MaximalAccess { get; }

    /// <summary>Whether the client has said that it can be redirected (SMB2_TREE_CONNECT_FLAG_REDIRECT_TO_OWNER).</summary>
    public bool CanBeRedirected { get; set; }

    /// <summary>Whether requests must be encrypted, and responses are.</summary>
    public bool EncryptData => Share.Encrypt;

    /// <summary>Whether its end closes what is open, whatever would outlive a lost session.</summary>
    public bool IsDisconnected => _isDisconnected;

    /// <summary>Whether it has ended, or is about to: it can no longer be used.</summary>
    public bool HasEnded => _ending.HasBegun;

    /// <summary>
    /// Ends the tree connect and every open below it, on the one path for all causes. The first call does the work and returns true; every
    /// other call returns false once that is finished.
    /// </summary>
    /// <param name="cause">Decides whether durable opens go on.</param>
    public async ValueTask<bool> EndAsync(SessionEnd cause = SessionEnd.Closed)
    {
        if (cause == SessionEnd.Closed)
        {
            _isDisconnected = true;
        }

        if (!_ending.TryBegin())
        {
            await _ending.WhenOver().ConfigureAwait(false);
            return false;
        }

        Share.Leave();
        var ending = default(EndingAll);
        foreach (var open in Session.Opens.AllToTheEnd)
        {
            if (open.TreeConnect == this)
            {
                try
                {
                    if (cause == SessionEnd.Lost)
                    {
                        await open.LoseSessionAsync().ConfigureAwait(false);
                    }
                    else
                    {
                        await open.EndAsync().ConfigureAwait(false);
                    }
                }
                catch (Exception e)
                {
                    ending.Note(e);
                }
            }
        }

        // Only now: if the session or the share ends in the meantime, that end still finds the tree connect and waits for it.
        Session.RemoveTree(this);
        Share.Forget(this);
        _ending.Finish(ending.Failure);
        ending.ThrowIfFailed();
        return true;
    }
}
