using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>What the POSIX extensions report about a file.</summary>
/// <param name="Metadata">What handles see of it.</param>
/// <param name="Type">Its type.</param>
/// <param name="Owner">The owner.</param>
/// <param name="Group">The group.</param>
internal readonly record struct PosixFacts(FileMetadata Metadata, PosixFileType Type, Sid Owner, Sid Group)
{
    /// <summary>Reads them for an open file.</summary>
    public static async ValueTask<NtResult<PosixFacts>> ReadAsync(FileOpen file, CancellationToken cancellationToken)
    {
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded
            ? await ReadAsync(file, file.Handle, metadata.Value, cancellationToken).ConfigureAwait(false)
            : metadata.Status;
    }

    /// <summary>Reads them for a directory entry; an entry that has gone in the meantime belongs to the caller.</summary>
    public static async ValueTask<PosixFacts> ReadEntryAsync(
        FileOpen directory, string name, FileMetadata metadata, CancellationToken cancellationToken)
    {
        NtResult<PosixFacts> facts = NtStatus.ObjectNameNotFound;
        if (name is "." or "..")
        {
            facts = await ReadAsync(directory, directory.Handle, metadata, cancellationToken).ConfigureAwait(false);
        }
        else if (directory.Volume.Security.IsKept || metadata.ReparseTag != 0)
        {
            var opened = await directory.Volume.Store.OpenAsync(
                directory.Path.Append(name), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
            if (opened.Succeeded)
            {
                var handle = opened.Value;
                await using var handleUse = handle.ConfigureAwait(false);
                facts = await ReadAsync(directory, handle, metadata, cancellationToken).ConfigureAwait(false);
            }
        }

        var caller = directory.State.Caller;
        return facts.Succeeded ? facts.Value : new PosixFacts(metadata, PosixFileType.Plain, caller.User, caller.PrimaryGroup);
    }

    private static async ValueTask<NtResult<PosixFacts>> ReadAsync(
        FileOpen by, IStoreFile handle, FileMetadata metadata, CancellationToken cancellationToken)
    {
        var caller = by.State.Caller;
        var type = await PosixFileTypes.OfAsync(handle, metadata.ReparseTag, cancellationToken).ConfigureAwait(false);
        var read = await by.Volume.Security.ReadAsync(handle, metadata.IsDirectory, caller, cancellationToken).ConfigureAwait(false);
        return read.Succeeded
            ? new PosixFacts(metadata, type, read.Value.Owner ?? caller.User, read.Value.Group ?? caller.PrimaryGroup)
            : read.Status;
    }
}
