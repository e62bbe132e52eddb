using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Named streams and extended attributes of a CREATE.
internal sealed partial class CreateOperation
{
    private bool NamesStream => _path.Stream == FilePath.StreamKind.Named;

    /// <summary>The metadata of what is opened: a stream of a directory is no directory.</summary>
    private static FileMetadata AsOpened(IStoreFile handle, in FileMetadata metadata) =>
        handle is IStoreStream ? metadata with { Attributes = metadata.Attributes & ~FileAttributes.Directory } : metadata;

    private FileObject Reference(IStoreFile handle, in FileMetadata metadata) => handle is IStoreStream stream
        ? volume.ReferenceStream(metadata.FileId, metadata.IsDirectory, stream.StreamName)
        : volume.Reference(metadata.FileId, metadata.IsDirectory);

    /// <summary>Opens or makes a stream of a file that exists.</summary>
    private async ValueTask<CreateOutcome> OpenStreamAsync(IStoreFile whole, CancellationToken cancellationToken)
    {
        var file = whole;
        await using var fileUse = file.ConfigureAwait(false);
        if (whole is not IStreamedFile streamed)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var access = NeededAccess();
        var found = await streamed.OpenStreamAsync(_path.StreamName!, access, cancellationToken).ConfigureAwait(false);
        while (_maximum && !Overwrites && found.Status == NtStatus.AccessDenied && access > StoreAccess.Metadata)
        {
            found = await streamed.OpenStreamAsync(_path.StreamName!, --access, cancellationToken).ConfigureAwait(false);
        }

        if (found.Succeeded)
        {
            return await OpenExistingAsync(found.Value, cancellationToken).ConfigureAwait(false);
        }

        return found.Status == NtStatus.ObjectNameNotFound
            ? await CreateStreamAsync(whole, streamed, cancellationToken).ConfigureAwait(false)
            : found.Status;
    }

    private async ValueTask<CreateOutcome> CreateStreamAsync(IStoreFile whole, IStreamedFile streamed, CancellationToken cancellationToken)
    {
        var stored = await whole.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!stored.Succeeded)
        {
            return stored.Status;
        }

        var metadata = stored.Value;
        if (volume.Find(metadata.FileId) is { } known && known.IsDeletePending(whole.Path))
        {
            return NtStatus.DeletePending;
        }

        if (parameters.Disposition is CreateDisposition.Open or CreateDisposition.Overwrite)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (IsReadOnlyStore)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (!metadata.IsDirectory && (metadata.Attributes & FileAttributes.ReadOnly) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var rights = OperationRights.Of(FileOperation.CreateStream).File;
        if ((rights & ~parameters.ShareMaximalAccess) != 0)
        {
            return NtStatus.AccessDenied;
        }

        var needed = _desired | rights;
        var wanted = _maximum ? needed | (FileAccessMask.FileAllAccess & parameters.ShareMaximalAccess) : needed;
        var allowed = await volume.Security.GrantAsync(whole, metadata.IsDirectory, parameters.Caller, wanted, cancellationToken).ConfigureAwait(false);
        if (!allowed.Succeeded)
        {
            return allowed.Status;
        }

        if ((needed & ~allowed.Value) != 0)
        {
            return NtStatus.AccessDenied;
        }

        if (_observed is not null)
        {
            var answer = await _observed.AskAsync(
                Intend(
                    FileName.PathOf(whole), _path.StreamName, metadata.IsDirectory, _maximum ? allowed.Value : _desired, exists: false),
                cancellationToken).ConfigureAwait(false);
            if (answer != NtStatus.Success)
            {
                return answer;
            }
        }

        var made = await streamed.CreateStreamAsync(_path.StreamName!, cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made.Status;
        }

        FileObject? file = null;
        IStoreFile? handle = made.Value;
        try
        {
            var status = await AllocateStreamAsync(handle, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            stored = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!stored.Succeeded)
            {
                return stored.Status;
            }

            file = Reference(handle, stored.Value);
            file.Times.Learn(stored.Value);
            var open = NewOpen(file, handle, _maximum ? allowed.Value : _desired, isDirectory: false);
            status = CheckLeaseKey(file);
            if (status == NtStatus.Success)
            {
                status = file.TryAdd(
                    open, handle.Path, parameters.Caching, extent: 0, overwrites: false, again: true, patient: false, out _);
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            volume.CountOpen(1);
            volume.RaiseStream(ChangeAction.AddedStream, open, ChangeFilter.StreamName);
            var outcome = CreateOutcome.Opened(open, CreateAction.Created, file.Times.Show(AsOpened(handle, stored.Value)));
            handle = null;
            return outcome;
        }
        finally
        {
            if (handle is not null)
            {
                if (file is not null)
                {
                    volume.Dereference(file);
                }

                try
                {
                    await handle.DisposeAsync().ConfigureAwait(false);
                }
                finally
                {
                    // Nobody else can have opened it yet: the file's name is held.
                    await streamed.DeleteStreamAsync(_path.StreamName!, CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>
    /// Gives a new file its extended attributes, and the stream that was asked for, whose handle takes the place of the file's.
    /// </summary>
    private async ValueTask<NtResult<IStoreFile>> FurnishAsync(IStoreFile made, CancellationToken cancellationToken)
    {
        (made as IOpenedFile)?.ForgetOpening();
        var status = NtStatus.Success;
        if (parameters.ExtendedAttributes.Count > 0)
        {
            status = made is IExtendedAttributeFile attributed
                ? await attributed.SetExtendedAttributesAsync(parameters.ExtendedAttributes, cancellationToken).ConfigureAwait(false)
                : NtStatus.EasNotSupported;
        }

        if (status != NtStatus.Success || !NamesStream)
        {
            return status == NtStatus.Success ? new NtResult<IStoreFile>(made) : status;
        }

        var stream = made is IStreamedFile streamed
            ? await streamed.CreateStreamAsync(_path.StreamName!, cancellationToken).ConfigureAwait(false)
            : NtStatus.ObjectNameInvalid;
        if (!stream.Succeeded)
        {
            return stream.Status;
        }

        IStoreFile? left = stream.Value;
        try
        {
            status = await AllocateStreamAsync(stream.Value, cancellationToken).ConfigureAwait(false);
            left = status == NtStatus.Success ? made : left;
        }
        finally
        {
            await left.DisposeAsync().ConfigureAwait(false);
        }

        return status == NtStatus.Success ? new NtResult<IStoreFile>(stream.Value) : status;
    }

    private ValueTask<NtStatus> AllocateStreamAsync(IStoreFile stream, CancellationToken cancellationToken) =>
        parameters.AllocationSize > 0 ? stream.AllocateAsync(parameters.AllocationSize, cancellationToken) : new(NtStatus.Success);

    /// <summary>
    /// A file that is overwritten loses its streams, and has the extended attributes of the request only (MS-FSA 2.1.5.1.2).
    /// </summary>
    private async ValueTask<NtStatus> ReplaceExtrasAsync(FileOpen open, CancellationToken cancellationToken)
    {
        if (Store.Traits.Has(StoreAbilities.NamedStreams) && open.Handle is IStreamedFile streamed)
        {
            var streams = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
            if (!streams.Succeeded)
            {
                return streams.Status;
            }

            foreach (var stream in streams.Value)
            {
                var gone = await streamed.DeleteStreamAsync(stream.Name, cancellationToken).ConfigureAwait(false);
                if (gone is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
                {
                    return gone;
                }
            }

            open.File.RemoveStreams();
        }

        if (!Store.Traits.Has(StoreAbilities.ExtendedAttributes) || open.Handle is not IExtendedAttributeFile attributed)
        {
            return NtStatus.Success;
        }

        var old = await attributed.GetExtendedAttributesAsync(cancellationToken).ConfigureAwait(false);
        if (!old.Succeeded)
        {
            return old.Status;
        }

        var changes = new List<ExtendedAttribute>(parameters.ExtendedAttributes);
        var names = changes.Select(static change => change.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var attribute in old.Value)
        {
            if (!names.Contains(attribute.Name))
            {
                changes.Add(new ExtendedAttribute(attribute.Name, default));
            }
        }

        return changes.Count == 0 ? NtStatus.Success : await attributed.SetExtendedAttributesAsync(changes, cancellationToken).ConfigureAwait(false);
    }
}
