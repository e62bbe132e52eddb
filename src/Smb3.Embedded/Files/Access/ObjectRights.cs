using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Access;

/// <summary>Asks other objects than the one that is open for what <see cref="OperationRights"/> says: the share first, then the object.</summary>
/// <param name="security">The descriptors.</param>
/// <param name="caller">Who asks.</param>
/// <param name="share">The most that the share lets the caller do.</param>
internal readonly struct ObjectRights(FileSecurity security, FileCaller caller, FileAccessMask share)
{
    /// <summary>Whether the directory takes a new name.</summary>
    public ValueTask<NtStatus> CheckDirectoryAsync(IStoreFile directory, OperationRights operation, CancellationToken cancellationToken) =>
        CheckAsync(directory, isDirectory: true, operation.Directory, operation.Directory, cancellationToken);

    /// <summary>Whether the file lets itself be changed so.</summary>
    public ValueTask<NtStatus> CheckFileAsync(
        IStoreFile file, bool isDirectory, OperationRights operation, CancellationToken cancellationToken) =>
        CheckAsync(file, isDirectory, operation.File, operation.File, cancellationToken);

    /// <summary>Whether the file's name may be taken away.</summary>
    public ValueTask<NtStatus> CheckReplacedAsync(
        IStoreFile file, bool isDirectory, OperationRights operation, CancellationToken cancellationToken)
    {
        // A share that lets nobody delete a file may still let delete what is in a directory, as a file's descriptor may.
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
