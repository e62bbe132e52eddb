using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Access;

/// <summary>Checks <see cref="OperationRights"/> on objects other than the one that is open: the share first, then the object.</summary>
/// <param name="security">The descriptors.</param>
/// <param name="caller">The caller.</param>
/// <param name="share">The most that the share lets the caller do.</param>
internal readonly struct ObjectRights(FileSecurity security, FileCaller caller, FileAccessMask share)
{
    /// <summary>Whether a new name may be added to the directory.</summary>
    public ValueTask<NtStatus> CheckDirectoryAsync(IStoreFile directory, OperationRights operation, CancellationToken cancellationToken) =>
        CheckAsync(directory, isDirectory: true, operation.Directory, operation.Directory, cancellationToken);

    /// <summary>Whether the file may be changed in this way.</summary>
    public ValueTask<NtStatus> CheckFileAsync(
        IStoreFile file, bool isDirectory, OperationRights operation, CancellationToken cancellationToken) =>
        CheckAsync(file, isDirectory, operation.File, operation.File, cancellationToken);

    /// <summary>Whether the file's name may be taken away.</summary>
    public ValueTask<NtStatus> CheckReplacedAsync(
        IStoreFile file, bool isDirectory, OperationRights operation, CancellationToken cancellationToken)
    {
        // A share that does not allow deleting a file may still allow deleting what is in a directory, as a file's descriptor may.
        var needed = operation.Replaced;
        var byShare = (needed & FileAccessMask.Delete) != 0 && (share & FileAccessMask.DeleteChild) != 0 ? needed & ~FileAccessMask.Delete : needed;
        return CheckAsync(file, isDirectory, needed, byShare, cancellationToken);
    }

    private async ValueTask<NtStatus> CheckAsync(
        IStoreFile file, bool isDirectory, FileAccessMask needed, FileAccessMask byShare, CancellationToken cancellationToken)
    {
        if ((byShare & ~share) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var granted = await security.GrantAsync(file, isDirectory, caller, needed, cancellationToken).ConfigureAwait(false);
        return !granted.Succeeded ? granted.Status
            : (needed & ~granted.Value) != 0 ? NtStatus.AccessDenied
            : NtStatus.Success;
    }
}
