using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// The file is not there: it is made (MS-FSA section 2.1.5.1.1).
internal sealed partial class CreateOperation
{
    private async ValueTask<CreateOutcome> CreateNewAsync(CancellationToken cancellationToken)
    {
        if (parameters.Disposition is CreateDisposition.Open or CreateDisposition.Overwrite)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (IsReadOnlyStore)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (CheckLeaseKey(null) is var taken && taken != NtStatus.Success)
        {
            return taken;
        }

        var isDirectory = WantsDirectory;
        if (_path.EndsInSeparator && !isDirectory)
        {
            return NtStatus.ObjectNameInvalid;
        }

        if (isDirectory && (parameters.Attributes & FileAttributes.Temporary) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((parameters.Attributes & FileAttributes.Encrypted) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if ((parameters.Attributes & FileAttributes.ReadOnly) != 0 && Has(CreateOptions.DeleteOnClose))
        {
            return NtStatus.CannotDelete;
        }

        var right = OperationRights.OfNew(isDirectory).Directory;
        if ((parameters.ShareMaximalAccess & right) == 0)
        {
            return NtStatus.AccessDenied;
        }

        if (volume.IsDeletePending(_path.Path.Parent))
        {
            return NtStatus.DeletePending;
        }

        var descriptor = await DescribeNewAsync(isDirectory, right, cancellationToken).ConfigureAwait(false);
        if (!descriptor.Succeeded)
        {
            return descriptor.Status;
        }

        // In a directory that only grows (chattr +a), what is made stays.
        if (Has(CreateOptions.DeleteOnClose)
            && await Store.CanDeleteAsync(_path.Path, cancellationToken).ConfigureAwait(false) is var removal
            && removal is not (NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.DirectoryNotEmpty))
        {
            return removal;
        }

        var granted = _desired;
        if (_maximum)
        {
            granted |= FileAccessMask.FileAllAccess & parameters.ShareMaximalAccess;
        }

        if (_observed is not null)
        {
            var path = await FileName.PathOfEntryAsync(Store, _path.Path, cancellationToken).ConfigureAwait(false);
            var answer = await _observed.AskAsync(
                Intend(path, NamesStream ? _path.StreamName : null, isDirectory, granted, exists: false), cancellationToken).ConfigureAwait(false);
            if (answer != NtStatus.Success)
            {
                return answer;
            }
        }

        var attributes = parameters.Attributes & SetBasicOperation.SettableAttributes;
        var made = await Store.CreateAsync(
            _path.Path,
            new NewFile
            {
                IsDirectory = isDirectory,
                Attributes = isDirectory ? attributes : attributes | FileAttributes.Archive,
                AllocationSize = isDirectory || NamesStream ? 0 : parameters.AllocationSize,
                SecurityDescriptor = descriptor.Value,
                UnixMode = Store.Traits.Has(StoreAbilities.PosixModes) && parameters.UnixMode is { } mode
                    ? PosixModes.OfNew(mode, isDirectory)
                    : null,
            },
            cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made.Status;
        }

        FileObject? file = null;
        FileOpen? open = null;
        IStoreFile? handle = made.Value;
        try
        {
            if (NamesStream || parameters.ExtendedAttributes.Count > 0)
            {
                var furnished = await FurnishAsync(handle, cancellationToken).ConfigureAwait(false);
                if (!furnished.Succeeded)
                {
                    return furnished.Status;
                }

                handle = furnished.Value;
            }

            var stored = await LearnAsync(handle, cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = Reference(handle, stored.Value);
            file.Times.Learn(stored.Value);
            // What is made in a compressed directory is compressed, unless the client says otherwise (MS-FSA 2.1.5.1.1).
            if (Has(CreateOptions.NoCompression) && (stored.Value.Attributes & FileAttributes.Compressed) != 0
                && handle is ICompressibleFile compressible)
            {
                await compressible.SetCompressedAsync(false, cancellationToken).ConfigureAwait(false);
            }

            // The store is asked nothing after this: the open is there for others.
            var added = NewOpen(file, handle, granted, isDirectory);
            var status = file.TryAdd(
                added, handle.Path, parameters.Caching, extent: 0, overwrites: false, again: true, _isPatient, out _wait);
            if (status != NtStatus.Success)
            {
                return status;
            }

            open = added;
            volume.CountOpen(1);
            await volume.RaiseAsync(
                new FileChange(ChangeAction.Added, handle.Path, isDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName), open).ConfigureAwait(false);
            var outcome = CreateOutcome.Opened(open, CreateAction.Created, stored.Value);
            open = null;
            handle = null;
            return outcome;
        }
        finally
        {
            if (open is not null)
            {
                _abandoned = open;
            }
            else if (handle is not null)
            {
                if (file is not null)
                {
                    volume.Dereference(file);
                }

                await TakeBackAsync(handle).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// What was made cannot be opened, so it is as if it had not been made. Nobody else has it open: its name is held.
    /// </summary>
    private async ValueTask TakeBackAsync(IStoreFile handle)
    {
        try
        {
            await handle.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            var status = await Store.DeleteAsync(_path.Path, CancellationToken.None).ConfigureAwait(false);
            if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
            {
                volume.ReportRemovalFailed(_path.Path.Text, status);
            }
        }
    }

    /// <summary>Checks the right to create in the directory, and makes the new file's security descriptor.</summary>
    private async ValueTask<NtResult<ReadOnlyMemory<byte>>> DescribeNewAsync(
        bool isDirectory, FileAccessMask right, CancellationToken cancellationToken)
    {
        SecurityDescriptor? given = null;
        if (!parameters.SecurityDescriptor.IsEmpty)
        {
            var status = SecurityDescriptor.Read(parameters.SecurityDescriptor.Span, out given);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (given!.HasSacl && !parameters.Caller.IsAdministrator)
            {
                return NtStatus.PrivilegeNotHeld;
            }

            if (given.Owner is { } owner && !parameters.Caller.Is(owner) && !parameters.Caller.IsAdministrator)
            {
                return NtStatus.InvalidOwner;
            }
        }

        if (!volume.Security.IsKept)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        var parent = await volume.Security.ReadDirectoryAsync(_path.Path.Parent, parameters.Caller, cancellationToken).ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        if (!AccessCheck.Allows(parent.Value, parameters.Caller, right))
        {
            return NtStatus.AccessDenied;
        }

        return new ReadOnlyMemory<byte>(
            DescriptorInheritance.Create(parent.Value, given, isDirectory, parameters.Caller).ToArray());
    }
}
