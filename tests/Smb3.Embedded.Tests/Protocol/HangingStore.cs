using System.Buffers;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Which calls of a <see cref="HangingStore"/> hang, and what became of those that do.</summary>
internal sealed class HungCalls
{
    private readonly ConcurrentQueue<TaskCompletionSource> _hung = new();
    private volatile string? _hangs;
    private int _waiting;
    private int _cancelled;

    /// <summary>Calls that hang just now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Calls that hung until their token was cancelled.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Whether calls that hang go on hanging when they are cancelled, as those inside a kernel do.</summary>
    public bool IgnoreCancellation { get; init; }

    /// <summary>From now on calls of this name hang; null: none.</summary>
    public void Hang(string? call) => _hangs = call;

    /// <summary>Lets go of all that hang.</summary>
    public void Release()
    {
        _hangs = null;
        while (_hung.TryDequeue(out var hung))
        {
            hung.TrySetResult();
        }
    }

    public async ValueTask PassAsync(string call, CancellationToken cancellationToken)
    {
        if (_hangs != call)
        {
            return;
        }

        var hung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _hung.Enqueue(hung);
        Interlocked.Increment(ref _waiting);
        try
        {
            await hung.Task.WaitAsync(IgnoreCancellation ? CancellationToken.None : cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}

/// <summary>A store that does not come back, until it is let go or its token is cancelled.</summary>
internal sealed class HangingStore(IFileStore inner, HungCalls calls) : IFileStore
{
    public StoreTraits Traits => inner.Traits;

    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        await calls.PassAsync("open", cancellationToken);
        return Wrap(await inner.OpenAsync(path, access, cancellationToken));
    }

    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        await calls.PassAsync("create", cancellationToken);
        return Wrap(await inner.CreateAsync(path, parameters, cancellationToken));
    }

    public async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        await calls.PassAsync("rename", cancellationToken);
        return await inner.RenameAsync(from, to, replace, cancellationToken);
    }

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        inner.LinkAsync(existing, link, replace, cancellationToken);

    public async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        await calls.PassAsync("delete", cancellationToken);
        return await inner.DeleteAsync(path, cancellationToken);
    }

    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.CanDeleteAsync(path, cancellationToken);

    public async ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        await calls.PassAsync("volume", cancellationToken);
        return await inner.GetVolumeAsync(cancellationToken);
    }

    private NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened) =>
        opened.Succeeded ? new NtResult<IStoreFile>(new HangingFile(opened.Value, calls)) : opened;

    private sealed class HangingFile(IStoreFile file, HungCalls calls) : IStoreFile
    {
        public StorePath Path => file.Path;

        public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
        {
            await calls.PassAsync("metadata", cancellationToken);
            return await file.GetMetadataAsync(cancellationToken);
        }

        public async ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
        {
            await calls.PassAsync("set metadata", cancellationToken);
            return await file.SetMetadataAsync(change, cancellationToken);
        }

        public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await calls.PassAsync("read", cancellationToken);
            return await file.ReadAsync(offset, buffer, cancellationToken);
        }

        public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
        {
            await calls.PassAsync("write", cancellationToken);
            return await file.WriteAsync(offset, data, cancellationToken);
        }

        public async ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
        {
            await calls.PassAsync("length", cancellationToken);
            return await file.SetLengthAsync(length, cancellationToken);
        }

        public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
            file.AllocateAsync(size, cancellationToken);

        public async ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken)
        {
            await calls.PassAsync("flush", cancellationToken);
            return await file.FlushAsync(cancellationToken);
        }

        public async ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
        {
            await calls.PassAsync("list", cancellationToken);
            return await file.ListAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }
}
