using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>The CREATE of a file that does not exist: it is made (MS-FSA 2.1.5.1.1).</summary>
internal static class NewFileCreation
{
    public static async ValueTask<CreateOutcome> CreateNewAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        // ::$INDEX_ALLOCATION without a directory: there is none to find, and a file cannot be made under that name.
        if (create.Parameters.Disposition is CreateDisposition.Open or CreateDisposition.Overwrite
            || (create.WantsDirectory && create.WantsFile))
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (create.IsReadOnlyStore)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (create.CheckLeaseKey(null) is var taken && taken != NtStatus.Success)
        {
            return taken;
        }

        var isDirectory = create.WantsDirectory;
        if (create.Path.EndsInSeparator && !isDirectory)
        {
            return NtStatus.ObjectNameInvalid;
        }

        if (isDirectory && (create.Parameters.Attributes & FileAttributes.Temporary) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((create.Parameters.Attributes & FileAttributes.Encrypted) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if ((create.Parameters.Attributes & FileAttributes.ReadOnly) != 0 && create.Has(CreateOptions.DeleteOnClose))
        {
            return NtStatus.CannotDelete;
        }

        var right = OperationRights.OfNew(isDirectory).Directory;
        if ((create.Parameters.ShareMaximalAccess & right) == 0)
        {
            return NtStatus.AccessDenied;
        }

        if (create.Volume.Doomed.Contains(create.Path.Path.Parent))
        {
            return NtStatus.DeletePending;
        }

        var descriptor = await create.DescribeNewAsync(isDirectory, right, cancellationToken).ConfigureAwait(false);
        if (!descriptor.Succeeded)
        {
            return descriptor.Status;
        }

        // In an append-only directory (chattr +a), a new file cannot be removed again.
        if (create.Has(CreateOptions.DeleteOnClose)
            && await create.Store.CanDeleteAsync(create.Path.Path, cancellationToken).ConfigureAwait(false) is var removal
            && removal is not (NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.DirectoryNotEmpty))
        {
            return removal;
        }

        var granted = create.Desired;
        if (create.Maximum)
        {
            granted |= FileAccessMask.FileAllAccess & create.Parameters.ShareMaximalAccess;
        }

        if (create.Observed is not null)
        {
            var path = await FileName.PathOfEntryAsync(create.Store, create.Path.Path, cancellationToken).ConfigureAwait(false);
            var answer = await create.Observed.AskAsync(
                create.Intend(path, create.NamesStream ? create.Path.StreamName : null, isDirectory, granted, exists: false), cancellationToken)
                    .ConfigureAwait(false);
            if (answer != NtStatus.Success)
            {
                return answer;
            }
        }

        var attributes = create.Parameters.Attributes & SetBasicOperation.SettableAttributes;
        var asked = new NewFile
        {
            IsDirectory = isDirectory,
            Attributes = isDirectory ? attributes : attributes | FileAttributes.Archive,
            AllocationSize = isDirectory || create.NamesStream ? 0 : create.Parameters.AllocationSize,
            SecurityDescriptor = descriptor.Value,
            UnixMode = create.Store.Traits.Has(StoreAbilities.PosixModes) && create.Parameters.UnixMode is { } mode
                ? PosixModes.OfNew(mode, isDirectory)
                : null,
        };
        var declared = await create.DeclareAsync(create.Path.Path, asked, granted, isDirectory && !create.NamesStream).ConfigureAwait(false);
        if (declared != NtStatus.Success)
        {
            return declared;
        }

        var isDone = false;
        try
        {
            var outcome = await create.MakeAsync(asked, granted, cancellationToken).ConfigureAwait(false);
            isDone = outcome.Open is not null || create.Abandoned is not null;
            return outcome;
        }
        finally
        {
            if (!isDone)
            {
                await create.WithdrawAsync().ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<CreateOutcome> MakeAsync(
        this OngoingCreate create, NewFile asked, FileAccessMask granted, CancellationToken cancellationToken)
    {
        var isDirectory = asked.IsDirectory;
        var made = await create.Store.CreateAsync(create.Path.Path, asked, cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made.Status;
        }

        FileObject? file = null;
        FileOpen? open = null;
        IStoreFile? handle = made.Value;
        try
        {
            if (create.NamesStream || create.Parameters.ExtendedAttributes.Count > 0)
            {
                var furnished = await create.FurnishAsync(handle, cancellationToken).ConfigureAwait(false);
                if (!furnished.Succeeded)
                {
                    return furnished.Status;
                }

                handle = furnished.Value;
            }

            var stored = await OngoingCreate.LearnAsync(handle, cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = create.Reference(handle, stored.Value);
            // A file made in a compressed directory is compressed, unless the client says otherwise (MS-FSA 2.1.5.1.1).
            if (create.Has(CreateOptions.NoCompression) && (stored.Value.Attributes & FileAttributes.Compressed) != 0
                && handle is ICompressibleFile compressible)
            {
                await compressible.SetCompressedAsync(false, cancellationToken).ConfigureAwait(false);
            }

            // The store is asked nothing after this: other requests can see the open now.
            var added = create.NewDeclaredOpen(file, handle, granted, isDirectory);
            var status = file.TryAdd(
                added, create.Volume.PathOf(handle), create.Parameters.Caching, extent: 0, overwrites: false, again: true, create.IsPatient,
                create.Parameters.KnowsAwaited, out var wait);
            create.Wait = wait;
            if (status != NtStatus.Success)
            {
                return status;
            }

            open = added;
            create.Volume.CountIn(open);
            await create.Volume.RaiseAsync(
                new FileChange(ChangeAction.Added, create.Volume.PathOf(handle), isDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName), open,
                create.Parameters.Later)
                    .ConfigureAwait(false);
            var outcome = CreateOutcome.Opened(open, CreateAction.Created, stored.Value);
            open = null;
            handle = null;
            return outcome;
        }
        finally
        {
            if (open is not null)
            {
                create.Abandoned = open;
            }
            else if (handle is not null)
            {
                if (file is not null)
                {
                    create.Volume.OpenFiles.Dereference(file);
                }

                await create.TakeBackAsync(handle).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The new file cannot be opened, so it is removed as if it had never been made. No other client has it open: its name is held.
    /// </summary>
    private static async ValueTask TakeBackAsync(this OngoingCreate create, IStoreFile handle)
    {
        try
        {
            await create.Volume.Fence.ReleaseAsync(handle).ConfigureAwait(false);
        }
        finally
        {
            var status = await create.Store.DeleteAsync(create.Path.Path, CancellationToken.None).ConfigureAwait(false);
            if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
            {
                create.Volume.ReportRemovalFailed(create.Path.Path.Text, status);
            }
        }
    }

    /// <summary>Checks the right to create in the directory, and makes the new file's security descriptor.</summary>
    private static async ValueTask<NtResult<ReadOnlyMemory<byte>>> DescribeNewAsync(
        this OngoingCreate create, bool isDirectory, FileAccessMask right, CancellationToken cancellationToken)
    {
        SecurityDescriptor? given = null;
        if (!create.Parameters.SecurityDescriptor.IsEmpty)
        {
            var status = SecurityDescriptor.Read(create.Parameters.SecurityDescriptor.Span, out given);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (given!.HasSacl && !create.Parameters.Caller.IsAdministrator)
            {
                return NtStatus.PrivilegeNotHeld;
            }

            if (given.Owner is { } owner && !create.Parameters.Caller.Is(owner) && !create.Parameters.Caller.IsAdministrator)
            {
                return NtStatus.InvalidOwner;
            }
        }

        if (!create.Volume.Security.IsKept)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        var parent = await create.Volume.Security.ReadDirectoryAsync(create.Path.Path.Parent, create.Parameters.Caller, cancellationToken)
            .ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        if (!AccessCheck.Allows(parent.Value, create.Parameters.Caller, right))
        {
            return NtStatus.AccessDenied;
        }

        return new ReadOnlyMemory<byte>(
            DescriptorInheritance.Create(parent.Value, given, isDirectory, create.Parameters.Caller).ToArray());
    }

    /// <summary>
    /// Gives a new file its extended attributes, and the stream that was asked for, whose handle replaces that of the file.
    /// </summary>
    private static async ValueTask<NtResult<IStoreFile>> FurnishAsync(this OngoingCreate create, IStoreFile made, CancellationToken cancellationToken)
    {
        (made as IOpenedFile)?.ForgetOpening();
        var status = NtStatus.Success;
        if (create.Parameters.ExtendedAttributes.Count > 0)
        {
            status = made is IExtendedAttributeFile attributed
                ? await attributed.SetExtendedAttributesAsync(create.Parameters.ExtendedAttributes, cancellationToken).ConfigureAwait(false)
                : NtStatus.EasNotSupported;
        }

        if (status != NtStatus.Success || !create.NamesStream)
        {
            return status == NtStatus.Success ? new NtResult<IStoreFile>(made) : status;
        }

        var stream = made is IStreamedFile streamed
            ? await streamed.CreateStreamAsync(create.Path.StreamName!, cancellationToken).ConfigureAwait(false)
            : NtStatus.ObjectNameInvalid;
        if (!stream.Succeeded)
        {
            return stream.Status;
        }

        IStoreFile? left = stream.Value;
        try
        {
            status = await create.AllocateStreamAsync(stream.Value, cancellationToken).ConfigureAwait(false);
            left = status == NtStatus.Success ? made : left;
        }
        finally
        {
            await create.Volume.Fence.ReleaseAsync(left).ConfigureAwait(false);
        }

        return status == NtStatus.Success ? new NtResult<IStoreFile>(stream.Value) : status;
    }
}
