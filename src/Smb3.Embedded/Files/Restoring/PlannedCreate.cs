using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Restoring;

/// <summary>
/// Carries out what a CREATE had begun when its process ended, or was about to (<see cref="CreatePlan"/>). It is not known how far it came.
/// A file that is not there is left to the client, whose CREATE makes it when it is sent again; unless another node had the share, which may
/// not have come to its end.
/// </summary>
internal static class PlannedCreate
{
    /// <summary>Whether a record that leads to no file is of a CREATE that has done nothing.</summary>
    public static bool HasDoneNothing(this OpenRecord record, NtStatus status) =>
        record.Plan is { Overwrites: false } && status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound;

    /// <summary>The file that was to be made.</summary>
    public static NewFile NewFile(this OpenRecord record) => new()
    {
        IsDirectory = record.IsDirectory,
        Attributes = record.Plan!.Attributes,
        AllocationSize = record.IsDirectory || record.Stream is not null ? 0 : record.Plan.AllocationSize,
        SecurityDescriptor = record.Plan.SecurityDescriptor,
        UnixMode = record.Plan.UnixMode,
    };

    /// <summary>
    /// Gives a file that was made what it was to have: the store may have made it without coming to that. A file without its security
    /// descriptor would be everybody's.
    /// </summary>
    public static async ValueTask<NtStatus> FurnishAsync(this OpenRecord record, IStoreFile file, CancellationToken cancellationToken)
    {
        if (record.Plan is not { MakesFile: true } plan)
        {
            return NtStatus.Success;
        }

        var status = await file.SetMetadataAsync(new FileMetadataChange { Attributes = plan.Attributes }, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success && plan.UnixMode is { } mode && file is IPosixFile posix)
        {
            status = await posix.SetUnixModeAsync(mode, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success && !plan.SecurityDescriptor.IsEmpty && file is ISecurableFile securable)
        {
            status = await securable.SetSecurityDescriptorAsync(plan.SecurityDescriptor, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success && plan.ExtendedAttributes.Count > 0 && file is IExtendedAttributeFile attributed)
        {
            status = await attributed.SetExtendedAttributesAsync(plan.ExtendedAttributes, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success && (record.Options & CreateOptions.NoCompression) != 0 && file is ICompressibleFile compressible)
        {
            _ = await compressible.SetCompressedAsync(false, cancellationToken).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>Finishes the CREATE of an open that has been recreated: nothing of its plan is left to do after that.</summary>
    public static async ValueTask<NtStatus> FinishCreateAsync(
        this FileOpen open, OpenRecord record, FileMetadata found, CancellationToken cancellationToken)
    {
        if (record.Plan is not { } plan)
        {
            return NtStatus.Success;
        }

        var status = NtStatus.Success;
        if (plan.Overwrites)
        {
            var supersedes = record.Durable.Action == CreateAction.Superseded;
            status = await open.OverwriteAsync(plan, supersedes, found, cancellationToken).ConfigureAwait(false);
        }

        // The record will say that it is done.
        return status == NtStatus.Success && open.WritesThrough
            ? await open.Handle.FlushAsync(cancellationToken).ConfigureAwait(false) : status;
    }
}
