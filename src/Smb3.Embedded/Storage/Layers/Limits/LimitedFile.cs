using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>A handle whose data grows only as far as there is room in the whole store.</summary>
/// <param name="store">The store.</param>
/// <param name="inner">The handle below.</param>
/// <param name="file">What the file is charged with, which has this handle among its own.</param>
/// <param name="charge">What of that is for this handle's data.</param>
internal class LimitedFile(LimitedStore store, IStoreFile inner, FileCharge file, DataCharge charge) : LayeredFile(inner)
{
    /// <inheritdoc/>
    public override async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (data.IsEmpty || offset > long.MaxValue - data.Length)
        {
            return await Inner.WriteAsync(offset, data, cancellationToken).ConfigureAwait(false);
        }

        var status = await BeginAsync(offset + data.Length, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = NtStatus.UnexpectedIoError;
        try
        {
            return status = await Inner.WriteAsync(offset, data, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(mayBeLess: status != NtStatus.Success).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        var status = await BeginAsync(length, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        try
        {
            return await Inner.SetLengthAsync(length, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(mayBeLess: true).ConfigureAwait(false);
        }
    }

    /// <summary>Only checks that there is room: what is set aside behind the end of a file would be charged to nothing.</summary>
    public override async ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken)
    {
        var status = await LearnAsync(cancellationToken).ConfigureAwait(false);
        return status != NtStatus.Success ? status : file.HasRoom(charge, size) ? NtStatus.Success : NtStatus.DiskFull;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        if (Inner is not ICopyTarget || targetOffset > long.MaxValue - length)
        {
            return NtStatus.NotSupported;
        }

        var status = await BeginAsync(targetOffset + length, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = NtStatus.UnexpectedIoError;
        try
        {
            return status = await base.CopyFromAsync(source, sourceOffset, targetOffset, length, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(mayBeLess: status != NtStatus.Success).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> CompleteAsync(CancellationToken cancellationToken)
    {
        if (Inner is not IDeferredFile deferred)
        {
            return NtStatus.Success;
        }

        var status = await deferred.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success && await BeginAsync(0, CancellationToken.None).ConfigureAwait(false) == NtStatus.Success)
        {
            await EndAsync(mayBeLess: true).ConfigureAwait(false); // what was lost is not there
        }

        return status;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile streamed)
        {
            return NtStatus.ObjectNameInvalid;
        }

        using var turn = await file.Names.EnterAsync(cancellationToken).ConfigureAwait(false);
        var opened = await streamed.OpenStreamAsync(name, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new NtResult<IStoreStream>(Cover(opened.Value)) : opened;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile streamed)
        {
            return NtStatus.ObjectNameInvalid;
        }

        await store.WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var turn = await file.Names.EnterAsync(cancellationToken).ConfigureAwait(false);
        var made = await streamed.CreateStreamAsync(name, cancellationToken).ConfigureAwait(false);
        return made.Succeeded ? new NtResult<IStoreStream>(Cover(made.Value)) : made;
    }

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) =>
        ChangeStreamsAsync(
            streamed => streamed.DeleteStreamAsync(name, cancellationToken),
            lengths => file.RemoveStream(name, LengthOf(name, lengths)),
            NtStatus.NotSupported,
            cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) =>
        ChangeStreamsAsync(
            streamed => streamed.RenameStreamAsync(name, newName, replace, cancellationToken),
            lengths =>
            {
                if (newName.Length == 0)
                {
                    file.TakeStream(name, LengthOf(name, lengths));
                    return;
                }

                if (!store.NamesOfStreams.Equals(name, newName))
                {
                    file.RemoveStream(newName, LengthOf(newName, lengths));
                }

                file.RenameStream(name, newName);
            },
            NtStatus.InvalidParameter,
            cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        if (Inner is not IUnnamedStreamFile unnamed)
        {
            return NtStatus.InvalidParameter;
        }

        await store.WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var turn = await file.Names.EnterAsync(cancellationToken).ConfigureAwait(false);
        var before = await Inner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var lengths = await ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        if (!before.Succeeded || !lengths.Succeeded)
        {
            return before.Succeeded ? lengths.Status : before.Status;
        }

        var named = await unnamed.RenameUnnamedStreamAsync(newName, replace, handles, cancellationToken).ConfigureAwait(false);
        if (!named.Succeeded)
        {
            return named;
        }

        file.Learn(file.Data, before.Value.Length);
        file.RemoveStream(newName, LengthOf(newName, lengths.Value));
        var stream = file.GiveData(newName, handles);
        store.Charges.Open(file, handles);
        return new NtResult<IReadOnlyList<IStoreStream>>([.. named.Value.Select(handle => new LimitedStream(store, handle, file, stream))]);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        var volume = Inner is IVolumeFile known
            ? await known.GetVolumeAsync(cancellationToken).ConfigureAwait(false) : await GetVolumeOfStoreAsync(cancellationToken).ConfigureAwait(false);
        return volume.Succeeded ? store.Limit(volume.Value) : volume;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            file.Close(charge);
            store.Charges.Close(file);
        }
    }

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream)
    {
        store.Charges.Open(file, handles: 1);
        return new LimitedStream(store, stream, file, file.OpenStream(stream.StreamName));
    }

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    /// <summary>Begins what may make the data <paramref name="length"/> bytes long.</summary>
    private async ValueTask<NtStatus> BeginAsync(long length, CancellationToken cancellationToken)
    {
        var status = await LearnAsync(cancellationToken).ConfigureAwait(false);
        return status != NtStatus.Success ? status
            : length > store.Traits.MaxFileLength ? NtStatus.FileTooLarge
            : file.TryBegin(charge, length) ? NtStatus.Success : NtStatus.DiskFull;
    }

    private async ValueTask EndAsync(bool mayBeLess)
    {
        if (file.End(charge, mayBeLess) is not { } version)
        {
            return;
        }

        // A charge that cannot be settled stays too high, until the next end.
        var now = await Inner.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false);
        if (now.Succeeded)
        {
            file.Settle(charge, version, now.Value.Length);
        }
    }

    /// <summary>Sees to it that it is known what the data is charged with.</summary>
    private ValueTask<NtStatus> LearnAsync(CancellationToken cancellationToken) =>
        file.IsKnown(charge) ? new(NtStatus.Success) : LearnFirstAsync(cancellationToken);

    private async ValueTask<NtStatus> LearnFirstAsync(CancellationToken cancellationToken)
    {
        await store.WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var turn = await file.Names.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (file.IsKnown(charge))
        {
            return NtStatus.Success;
        }

        var now = await Inner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (now.Succeeded)
        {
            file.Learn(charge, now.Value.Length);
        }

        return now.Status;
    }

    private async ValueTask<NtStatus> ChangeStreamsAsync(
        Func<IStreamedFile, ValueTask<NtStatus>> change,
        Action<IReadOnlyList<StoreStreamEntry>> changed,
        NtStatus unable,
        CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile streamed)
        {
            return unable;
        }

        await store.WhenCountedAsync(cancellationToken).ConfigureAwait(false);
        using var turn = await file.Names.EnterAsync(cancellationToken).ConfigureAwait(false);
        var lengths = await streamed.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        if (!lengths.Succeeded)
        {
            return lengths.Status;
        }

        var status = await change(streamed).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            changed(lengths.Value);
        }

        return status;
    }

    private long LengthOf(string name, IReadOnlyList<StoreStreamEntry> lengths) =>
        lengths.FirstOrDefault(entry => store.NamesOfStreams.Equals(entry.Name, name)).Length;
}
