using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What is wrong with a <see cref="FaultyStore"/> at the moment.</summary>
internal sealed class StoreFaults
{
    private int _waiting;

    public bool Opens { get; set; }

    public bool Reads { get; set; }

    public bool Disposals { get; set; }

    /// <summary>Whether a local program has yet to give up its lease on what is opened for its data.</summary>
    public Func<bool> Held { get; set; } = static () => false;

    /// <summary>Called before a rename.</summary>
    public Action Renaming { get; set; } = static () => { };

    /// <summary>Called before space is set aside.</summary>
    public Func<Task> Allocating { get; set; } = static () => Task.CompletedTask;

    /// <summary>Called before metadata is set.</summary>
    public Func<Task> Setting { get; set; } = static () => Task.CompletedTask;

    /// <summary>While it is closed, reads wait.</summary>
    public TrafficGate Gate { get; } = new();

    /// <summary>While it is closed, writes wait.</summary>
    public TrafficGate WriteGate { get; } = new();

    /// <summary>Reads that wait at the gate.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public async Task WaitAsync()
    {
        Interlocked.Increment(ref _waiting);
        await Gate.WaitAsync();
        Interlocked.Decrement(ref _waiting);
    }

    public static void ThrowIf(bool broken)
    {
        if (broken)
        {
            throw new InvalidOperationException("The store is broken.");
        }
    }
}

/// <summary>A store that throws, or waits, when a test wants it to.</summary>
internal sealed class FaultyStore(IFileStore inner, StoreFaults faults) : IFileStore
{
    public StoreTraits Traits => inner.Traits;

    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        StoreFaults.ThrowIf(faults.Opens);
        return access != StoreAccess.Metadata && faults.Held()
            ? NtStatus.OplockBreakInProgress
            : Wrap(await inner.OpenAsync(path, access, cancellationToken));
    }

    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        StoreFaults.ThrowIf(faults.Opens);
        return Wrap(await inner.CreateAsync(path, parameters, cancellationToken));
    }

    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        faults.Renaming();
        return inner.RenameAsync(from, to, replace, cancellationToken);
    }

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        inner.LinkAsync(existing, link, replace, cancellationToken);

    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.DeleteAsync(path, cancellationToken);

    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        inner.GetVolumeAsync(cancellationToken);

    private NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened) =>
        opened.Succeeded ? new NtResult<IStoreFile>(new FaultyFile(opened.Value, faults)) : opened;

    private sealed class FaultyFile(IStoreFile file, StoreFaults faults) : IStoreFile, ISecurableFile
    {
        public StorePath Path => file.Path;

        public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
            file.GetMetadataAsync(cancellationToken);

        public async ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
        {
            await faults.Setting();
            return await file.SetMetadataAsync(change, cancellationToken);
        }

        public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            StoreFaults.ThrowIf(faults.Reads);
            await faults.WaitAsync();
            return await file.ReadAsync(offset, buffer, cancellationToken);
        }

        public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
        {
            await faults.WriteGate.WaitAsync();
            return await file.WriteAsync(offset, data, cancellationToken);
        }

        public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
            file.SetLengthAsync(length, cancellationToken);

        public async ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken)
        {
            await faults.Allocating();
            return await file.AllocateAsync(size, cancellationToken);
        }

        public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

        public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => file.ListAsync(cancellationToken);

        public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
            ((ISecurableFile)file).GetSecurityDescriptorAsync(cancellationToken);

        public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
            ((ISecurableFile)file).SetSecurityDescriptorAsync(descriptor, cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await file.DisposeAsync();
            StoreFaults.ThrowIf(faults.Disposals);
        }
    }
}
