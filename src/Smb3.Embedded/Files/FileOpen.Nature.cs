using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Compression, reparse points and object ids.
internal sealed partial class FileOpen
{
    /// <summary>Whether the file is kept compressed (MS-FSA section 2.1.5.10.9).</summary>
    public async ValueTask<NtResult<bool>> GetCompressedAsync(CancellationToken cancellationToken)
    {
        var metadata = await GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded ? (metadata.Value.Attributes & FileAttributes.Compressed) != 0 : metadata.Status;
    }

    /// <summary>Has the file, or what is made in the directory from now on, kept compressed or not (MS-FSA section 2.1.5.10.30).</summary>
    public ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken) =>
        _file is ICompressibleFile file
            ? ChangeNatureAsync(() => file.SetCompressedAsync(compressed, cancellationToken))
            : new(NtStatus.InvalidDeviceRequest);

    /// <summary>The data of the reparse point that the open is on (MS-FSA section 2.1.5.10.14).</summary>
    public async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken)
    {
        if (_file is not IReparseFile file)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (File.IsStream)
        {
            return NtStatus.NotAReparsePoint;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Makes a reparse point of the file, or changes the data of one (MS-FSA section 2.1.5.10.37).</summary>
    /// <param name="point">A whole REPARSE_DATA_BUFFER, checked in itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> SetReparsePointAsync(ReparsePoint point, CancellationToken cancellationToken)
    {
        if (_file is not IReparseFile file)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (File.IsStream || Path.IsRoot)
        {
            return NtStatus.InvalidParameter;
        }

        if (point.Tag == ReparsePoint.MountPoint && !IsDirectory)
        {
            return NtStatus.NotADirectory;
        }

        var old = await GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        if (old.Succeeded)
        {
            var status = point.CheckReplaces(new ReparsePoint(old.Value));
            if (status != NtStatus.Success)
            {
                return status;
            }
        }
        else if (old.Status != NtStatus.NotAReparsePoint)
        {
            return old.Status;
        }

        if (IsDirectory && !await IsEmptyAsync(cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.DirectoryNotEmpty;
        }

        return await ChangeNatureAsync(() => file.SetReparsePointAsync(point.Buffer, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Makes the reparse point an ordinary file again (MS-FSA section 2.1.5.10.3).</summary>
    /// <param name="point">Names the tag, and the owner of the tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> DeleteReparsePointAsync(ReparsePoint point, CancellationToken cancellationToken)
    {
        if (_file is not IReparseFile file)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var old = await GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        if (!old.Succeeded)
        {
            return old.Status;
        }

        var status = point.CheckReplaces(new ReparsePoint(old.Value));
        return status != NtStatus.Success
            ? status
            : await ChangeNatureAsync(() => file.DeleteReparsePointAsync(cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>The object id's buffer; empty when the file has none.</summary>
    public async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken)
    {
        if (_file is not IObjectIdFile file)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.GetObjectIdAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Keeps an object id's buffer; an empty one removes it.</summary>
    public async ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_file is not IObjectIdFile file)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.SetObjectIdAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask<NtStatus> ChangeNatureAsync(Func<ValueTask<NtStatus>> change)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var status = await change().ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await Volume.RaiseModifiedAsync(this, ChangeFilter.Attributes).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken)
    {
        var listed = await _file.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return false;
        }

        var listing = listed.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var read = await listing.ReadAsync(new StoreEntry[1], cancellationToken).ConfigureAwait(false);
        return read is { Succeeded: true, Value: 0 };
    }
}
