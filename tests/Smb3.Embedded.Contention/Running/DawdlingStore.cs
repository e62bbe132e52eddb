using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Contention.Running;

/// <summary>A store that takes its time before and after each thing that it does, so that others come between.</summary>
/// <param name="inner">What does the work.</param>
/// <param name="onWrite">Told of each write the moment that it is done.</param>
internal sealed class DawdlingStore(IFileStore inner, Action<StorePath, long, ReadOnlySequence<byte>>? onWrite = null) : IFileStore
{
    private int _turns;

    public StoreTraits Traits => inner.Traits;

    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        Wrap(await SlowlyAsync(() => inner.OpenAsync(path, access, cancellationToken)).ConfigureAwait(false));

    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        Wrap(await SlowlyAsync(() => inner.CreateAsync(path, parameters, cancellationToken)).ConfigureAwait(false));

    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        SlowlyAsync(() => inner.RenameAsync(from, to, replace, cancellationToken));

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        SlowlyAsync(() => inner.LinkAsync(existing, link, replace, cancellationToken));

    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        SlowlyAsync(() => inner.DeleteAsync(path, cancellationToken));

    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        inner.GetVolumeAsync(cancellationToken);

    private NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened) =>
        opened.Succeeded ? new NtResult<IStoreFile>(new DawdlingFile(opened.Value, this)) : opened;

    private void Wrote(StorePath path, long offset, ReadOnlySequence<byte> data) => onWrite?.Invoke(path, offset, data);

    private async ValueTask<T> SlowlyAsync<T>(Func<ValueTask<T>> work)
    {
        await DawdleAsync().ConfigureAwait(false);
        var result = await work().ConfigureAwait(false);
        await DawdleAsync().ConfigureAwait(false);
        return result;
    }

    private async ValueTask DawdleAsync()
    {
        if (Interlocked.Increment(ref _turns) % 32 == 0)
        {
            await Task.Delay(1).ConfigureAwait(false);
        }
        else
        {
            await Task.Yield();
        }
    }

    private sealed class DawdlingFile(IStoreFile inner, DawdlingStore store) : IStoreFile
    {
        public StorePath Path => inner.Path;

        public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
            inner.GetMetadataAsync(cancellationToken);

        public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
            inner.SetMetadataAsync(change, cancellationToken);

        public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            store.SlowlyAsync(() => inner.ReadAsync(offset, buffer, cancellationToken));

        public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
            store.SlowlyAsync(() =>
            {
                store.Wrote(Path, offset, data);
                return inner.WriteAsync(offset, data, cancellationToken);
            });

        public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
            store.SlowlyAsync(() => inner.SetLengthAsync(length, cancellationToken));

        public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
            inner.AllocateAsync(size, cancellationToken);

        public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
            store.SlowlyAsync(() => inner.ListAsync(cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
