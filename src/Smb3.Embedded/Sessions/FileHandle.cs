using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions.Durability;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>An open of a file or directory on a disk share.</summary>
internal sealed class FileHandle : Open, IOpenHolder
{
    private LockSequences? _lockSequences;

    public FileHandle(Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence, FileOpen file)
        : base(fileId, treeConnect, channelSequence)
    {
        File = file;
        file.Holder = this;
    }

    public FileOpen File { get; }

    /// <summary>Its entry among the opens that are known beyond their session; <see langword="null"/> for all others.</summary>
    public GlobalOpen? Global { get; set; }

    /// <inheritdoc/>
    public bool IsLeaving => Session.IsLeaving && Global is not { CanDisconnect: true };

    /// <summary>Whether a repeated LOCK request must be recognised: Open.IsDurable or Open.IsResilient.</summary>
    public bool IsDurable => Global is { Grant.Kind: not DurableKind.None };

    public LockSequences LockSequences
    {
        get => LazyInitializer.EnsureInitialized(ref _lockSequences)!;
        init => _lockSequences = value;
    }

    public override string Name => File.Path.Text;

    /// <summary>Set before <see cref="Open.EndAsync"/>: <see cref="Closed"/> then says what the file was when it was closed.</summary>
    public bool QueryOnClose { get; set; }

    /// <summary>What the file was when it was closed, if that was asked for.</summary>
    public NtResult<FileMetadata>? Closed { get; private set; }

    public override void Use() => Global?.EndReplay();

    public override async ValueTask FlushAsync(CancellationToken cancellationToken) =>
        _ = await File.FlushAsync(cancellationToken).ConfigureAwait(false);

    public override async ValueTask LoseSessionAsync()
    {
        if (Global is not { CanDisconnect: true } global)
        {
            await EndAsync().ConfigureAwait(false);
        }
        else if (TryLeave(SmbChangeKind.Disconnected))
        {
            await global.DisconnectAsync(this).ConfigureAwait(false);
        }
    }

    protected override async ValueTask ReleaseAsync()
    {
        if (Global is { } global)
        {
            Session.Graph.Opens.Remove(global);
        }

        var closed = await File.CloseAsync(QueryOnClose).ConfigureAwait(false);
        if (File.Grant?.Lease is { } lease)
        {
            // It may have kept the client longer than its connections: closed beside their end for somebody who waited for it, or over a
            // channel of another machine.
            Session.Graph.ForgetIfGone(lease.ClientGuid);
        }

        if (QueryOnClose)
        {
            Closed = closed;
        }
    }
}
