using Smb3.Embedded.Compression;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>An open of a file or directory on a disk share.</summary>
internal sealed class FileHandle : Open, IOpenHolder
{
    public FileHandle(Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence, FileOpen file)
        : base(fileId, treeConnect, channelSequence)
    {
        File = file;
        file.Holder = this;
    }

    public FileOpen File { get; }

    /// <summary>What compressing its data has brought; made when a client first asks for that.</summary>
    public CompressionOutlook Compression => field ??= new CompressionOutlook();

    /// <summary>Its entry among the opens that are known beyond their session; <see langword="null"/> for all others.</summary>
    public GlobalOpen? Global { get; set; }

    /// <inheritdoc/>
    public bool IsLeaving => Session.IsLeaving && Global is not { CanDisconnect: true };

    /// <inheritdoc/>
    public bool IsAwaited => Global is { Kind: DurableKind.Persistent } && Session.IsLeaving;

    /// <summary>Whether a repeated LOCK request must be recognised: Open.IsDurable, Open.IsResilient or Open.IsPersistent.</summary>
    public bool IsDurable => Global is { Kind: not DurableKind.None };

    public override string Name => File.Path.Text;

    /// <summary>Set before <see cref="Open.EndAsync"/>: <see cref="Closed"/> then says what the file was when it was closed.</summary>
    public bool QueryOnClose { get; set; }

    /// <summary>
    /// Set before <see cref="Open.EndAsync"/>: takes the breaks of directory leases that the close causes behind its answer.
    /// </summary>
    public Afterwards? LaterOnClose { get; set; }

    /// <summary>What the file was when it was closed, if that was asked for.</summary>
    public NtResult<FileMetadata>? Closed { get; private set; }

    public override void Use(Smb2Command command)
    {
        // The answer to the break of a persistent open does not show that the client has had the answer to its CREATE (MS-SMB2 3.3.5.22.1).
        if (command != Smb2Command.OplockBreak || Global is not { Kind: DurableKind.Persistent })
        {
            Global?.EndReplay();
        }
    }

    public override async ValueTask FlushAsync(CancellationToken cancellationToken) =>
        _ = await File.FlushAsync(cancellationToken).ConfigureAwait(false);

    protected override bool CanOutlive => Global is { CanDisconnect: true };

    protected override ValueTask DisconnectAsync() => Global!.DisconnectAsync(this);

    protected override async ValueTask ReleaseAsync()
    {
        var global = Global;
        if (global is not null)
        {
            Session.Graph.Opens.Leave(global);
        }

        NtResult<FileMetadata> closed;
        try
        {
            closed = await File.CloseAsync(QueryOnClose, LaterOnClose).ConfigureAwait(false);
        }
        finally
        {
            if (global is not null)
            {
                Session.Graph.Opens.Forget(global);
            }
        }

        if (File.Grant?.Lease is { } lease)
        {
            // The lease may have kept the client known for longer than its connections did: when the open was closed for a waiting request
            // while they ended, or over a channel of another machine.
            Session.Graph.ForgetIfGone(lease.ClientGuid);
        }

        if (QueryOnClose)
        {
            Closed = closed;
        }
    }
}
