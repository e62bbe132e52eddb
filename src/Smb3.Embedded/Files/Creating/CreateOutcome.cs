using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>The outcome of a CREATE: an open, or the status that says why there is none.</summary>
internal readonly struct CreateOutcome
{
    private CreateOutcome(NtStatus status, FileOpen? open, CreateAction action, in FileMetadata metadata)
    {
        Status = status;
        Open = open;
        Action = action;
        Metadata = metadata;
    }

    /// <summary>Success, or the reason for the failure.</summary>
    public NtStatus Status { get; }

    /// <summary>The open; present exactly when <see cref="Status"/> is a success. The receiver closes it.</summary>
    public FileOpen? Open { get; }

    /// <summary>What CREATE did.</summary>
    public CreateAction Action { get; }

    /// <summary>The file's metadata, as of the create and after it took effect.</summary>
    public FileMetadata Metadata { get; }

    /// <summary>A success.</summary>
    public static CreateOutcome Opened(FileOpen open, CreateAction action, in FileMetadata metadata) =>
        new(NtStatus.Success, open, action, metadata);

    /// <summary>With STOPPED_ON_SYMLINK: the link that is in the way.</summary>
    public SymlinkStop? Symlink { get; private init; }

    /// <summary>A symbolic link is in the way.</summary>
    public static CreateOutcome Stopped(SymlinkStop link) => new(NtStatus.StoppedOnSymlink, null, CreateAction.Opened, default)
    {
        Symlink = link,
    };

    /// <summary>A failure.</summary>
    public static implicit operator CreateOutcome(NtStatus status) => new(status, null, CreateAction.Opened, default);
}

/// <summary>A symbolic link that an open encountered. The client continues from there; the server follows none.</summary>
/// <param name="Buffer">The link's REPARSE_DATA_BUFFER.</param>
/// <param name="UnparsedLength">Characters of the client's path after the link, starting with the separator.</param>
internal sealed record SymlinkStop(ReadOnlyMemory<byte> Buffer, int UnparsedLength);
