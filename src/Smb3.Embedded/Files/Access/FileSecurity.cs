using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Access;

/// <summary>The security descriptors of a store's files: the stored ones, and a substitute for a file that has none.</summary>
/// <param name="store">The store.</param>
/// <param name="pathOf">Where a handle is in it.</param>
internal sealed class FileSecurity(IFileStore store, Func<IStoreFile, StorePath> pathOf)
{
    /// <summary>Whether the store keeps descriptors; if it does not, only the share decides.</summary>
    public bool IsKept { get; } = store.Traits.Has(StoreAbilities.SecurityDescriptors);

    /// <summary>The descriptor of a file without one: the caller owns it, and everybody may do what the share allows.</summary>
    public static SecurityDescriptor DefaultDescriptor(FileCaller caller, bool isDirectory) => new()
    {
        Owner = caller.User,
        Group = caller.PrimaryGroup,
        HasDacl = true,
        Dacl = new Acl(
        [
            Ace.Allow(
                WellKnownSids.Everyone,
                FileAccessMask.FileAllAccess,
                isDirectory ? AceFlags.ObjectInherit | AceFlags.ContainerInherit : AceFlags.None),
        ]),
    };

    /// <summary>
    /// Stands in for an invalid descriptor. What it said is unknown, so only administrators get in, and can set another: Windows does the
    /// same when it checks a disk.
    /// </summary>
    private static readonly SecurityDescriptor Closed = new()
    {
        Owner = WellKnownSids.Administrators,
        Group = WellKnownSids.Administrators,
        HasDacl = true,
        Dacl = new Acl(
        [
            Ace.Allow(WellKnownSids.Administrators, FileAccessMask.FileAllAccess),
            Ace.Allow(WellKnownSids.System, FileAccessMask.FileAllAccess),
        ]),
    };

    /// <summary>The descriptor of an open file.</summary>
    public async ValueTask<NtResult<SecurityDescriptor>> ReadAsync(
        IStoreFile file, bool isDirectory, FileCaller caller, CancellationToken cancellationToken)
    {
        if (!IsKept || file is not ISecurableFile securable)
        {
            return DefaultDescriptor(caller, isDirectory);
        }

        var stored = file is IOpenedFile { DescriptorAsOpened: { } known } ? known : await securable.GetSecurityDescriptorAsync(cancellationToken)
            .ConfigureAwait(false);
        if (!stored.Succeeded)
        {
            return stored.Status;
        }

        if (stored.Value.IsEmpty)
        {
            return DefaultDescriptor(caller, isDirectory);
        }

        if (SecurityDescriptor.Read(stored.Value.Span, out var descriptor) == NtStatus.Success)
        {
            return descriptor!;
        }

        (file as IFaultyFile)?.ReportDescriptor();
        return Closed;
    }

    /// <summary>The descriptor of a directory.</summary>
    public async ValueTask<NtResult<SecurityDescriptor>> ReadDirectoryAsync(
        StorePath path, FileCaller caller, CancellationToken cancellationToken)
    {
        if (!IsKept)
        {
            return DefaultDescriptor(caller, isDirectory: true);
        }

        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status == NtStatus.ObjectNameNotFound ? NtStatus.ObjectPathNotFound : opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return await ReadAsync(handle, isDirectory: true, caller, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The part of <paramref name="desired"/> that the file, or its directory on its behalf, grants the caller.</summary>
    public async ValueTask<NtResult<FileAccessMask>> GrantAsync(
        IStoreFile file, bool isDirectory, FileCaller caller, FileAccessMask desired, CancellationToken cancellationToken)
    {
        if (!IsKept)
        {
            return desired;
        }

        var own = await ReadAsync(file, isDirectory, caller, cancellationToken).ConfigureAwait(false);
        if (!own.Succeeded)
        {
            return own.Status;
        }

        var granted = AccessCheck.Grant(own.Value, caller, desired);

        // MS-FSA 2.1.5.1.2.1: a caller that may delete or list a directory's children has those rights on the child itself.
        var missing = desired & ~granted & (FileAccessMask.Delete | FileAccessMask.ReadAttributes);
        if (missing == 0 || pathOf(file) is not { IsRoot: false } path)
        {
            return granted;
        }

        var parent = await ReadDirectoryAsync(path.Parent, caller, cancellationToken).ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return granted;
        }

        if ((missing & FileAccessMask.Delete) != 0 && AccessCheck.Allows(parent.Value, caller, FileAccessMask.DeleteChild))
        {
            granted |= FileAccessMask.Delete;
        }

        if ((missing & FileAccessMask.ReadAttributes) != 0 && AccessCheck.Allows(parent.Value, caller, FileAccessMask.ListDirectory))
        {
            granted |= FileAccessMask.ReadAttributes;
        }

        return granted;
    }
}
