using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Sessions;

/// <summary>An open of a file or directory on a disk share.</summary>
internal sealed class FileHandle : Open
{
    public FileHandle(Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence, FileOpen file)
        : base(fileId, treeConnect, channelSequence) => File = file;

    public FileOpen File { get; }

    public override string Name => File.Path.Text;

    /// <summary>Set before <see cref="Open.EndAsync"/>: <see cref="Closed"/> then says what the file was when it was closed.</summary>
    public bool QueryOnClose { get; set; }

    /// <summary>What the file was when it was closed, if that was asked for.</summary>
    public NtResult<FileMetadata>? Closed { get; private set; }

    public override async ValueTask FlushAsync(CancellationToken cancellationToken) =>
        _ = await File.FlushAsync(cancellationToken).ConfigureAwait(false);

    protected override async ValueTask ReleaseAsync()
    {
        var closed = await File.CloseAsync(QueryOnClose).ConfigureAwait(false);
        if (QueryOnClose)
        {
            Closed = closed;
        }
    }
}
