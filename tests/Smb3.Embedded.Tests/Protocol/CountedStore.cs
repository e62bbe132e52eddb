using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What happens to the calls of a <see cref="CountedStore"/>.</summary>
internal sealed class StoreCalls
{
    private int _count;
    private int _handles;

    /// <summary>Called before each call with its number, from 1.</summary>
    public Func<int, string, ValueTask<NtStatus>>? Before { get; set; }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Handles that are open.</summary>
    public int Handles => Volatile.Read(ref _handles);

    /// <summary>Calls that a test holds up.</summary>
    public int Waiting { get; set; }

    public void Restart() => _count = 0;

    public void Opened() => Interlocked.Increment(ref _handles);

    public void Closed() => Interlocked.Decrement(ref _handles);

    public ValueTask<NtStatus> NextAsync(string call)
    {
        var number = Interlocked.Increment(ref _count);
        return Before?.Invoke(number, call) ?? new(NtStatus.Success);
    }

    public async ValueTask<NtResult<T>> RunAsync<T>(string call, Func<ValueTask<NtResult<T>>> run) =>
        await NextAsync(call) is var status && status == NtStatus.Success ? await run() : status;

    public async ValueTask<NtStatus> RunAsync(string call, Func<ValueTask<NtStatus>> run) =>
        await NextAsync(call) is var status && status == NtStatus.Success ? await run() : status;
}

/// <summary>A store whose calls are counted, and fail or wait as a test wants it. To close a handle is no call.</summary>
internal sealed class CountedStore(IFileStore inner, StoreCalls calls) : IFileStore
{
    public StoreTraits Traits => inner.Traits;

    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        Wrap(await calls.RunAsync("open", () => inner.OpenAsync(path, access, cancellationToken)));

    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        Wrap(await calls.RunAsync("create", () => inner.CreateAsync(path, parameters, cancellationToken)));

    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        inner.RenameAsync(from, to, replace, cancellationToken);

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        inner.LinkAsync(existing, link, replace, cancellationToken);

    // What puts things right again works.
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.DeleteAsync(path, cancellationToken);

    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        calls.RunAsync("can delete", () => inner.CanDeleteAsync(path, cancellationToken));

    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        calls.RunAsync("volume", () => inner.GetVolumeAsync(cancellationToken));

    private NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened) =>
        opened.Succeeded ? new NtResult<IStoreFile>(new CountedFile(opened.Value, calls)) : opened;

    private class CountedFile : IStoreFile, ISecurableFile, IStreamedFile, IExtendedAttributeFile, IPosixFile
    {
        private readonly IStoreFile _file;
        private readonly StoreCalls _calls;

        public CountedFile(IStoreFile file, StoreCalls calls)
        {
            (_file, _calls) = (file, calls);
            calls.Opened();
        }

        public StorePath Path => _file.Path;

        public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
            _calls.RunAsync("metadata", () => _file.GetMetadataAsync(cancellationToken));

        public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
            _calls.RunAsync("set metadata", () => _file.SetMetadataAsync(change, cancellationToken));

        public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            _calls.RunAsync("read", () => _file.ReadAsync(offset, buffer, cancellationToken));

        public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
            _calls.RunAsync("write", () => _file.WriteAsync(offset, data, cancellationToken));

        public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
            _calls.RunAsync("length", () => _file.SetLengthAsync(length, cancellationToken));

        public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
            _calls.RunAsync("allocate", () => _file.AllocateAsync(size, cancellationToken));

        public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => _file.FlushAsync(cancellationToken);

        public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
            _calls.RunAsync("list", () => _file.ListAsync(cancellationToken));

        public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
            _calls.RunAsync("security", () => ((ISecurableFile)_file).GetSecurityDescriptorAsync(cancellationToken));

        public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
            _calls.RunAsync("set security", () => ((ISecurableFile)_file).SetSecurityDescriptorAsync(descriptor, cancellationToken));

        public async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken) =>
            Wrap(await _calls.RunAsync("open stream", () => ((IStreamedFile)_file).OpenStreamAsync(name, access, cancellationToken)));

        public async ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken) =>
            Wrap(await _calls.RunAsync("create stream", () => ((IStreamedFile)_file).CreateStreamAsync(name, cancellationToken)));

        public ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken) =>
            _calls.RunAsync("list streams", () => ((IStreamedFile)_file).ListStreamsAsync(cancellationToken));

        public ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) =>
            ((IStreamedFile)_file).RenameStreamAsync(name, newName, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) =>
            ((IStreamedFile)_file).DeleteStreamAsync(name, cancellationToken);

        public ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken) =>
            _calls.RunAsync("attributes", () => ((IExtendedAttributeFile)_file).GetExtendedAttributesAsync(cancellationToken));

        public ValueTask<NtStatus> SetExtendedAttributesAsync(
            IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken) =>
            _calls.RunAsync("set attributes", () => ((IExtendedAttributeFile)_file).SetExtendedAttributesAsync(changes, cancellationToken));

        public ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken) =>
            _calls.RunAsync("mode", () => ((IPosixFile)_file).SetUnixModeAsync(mode, cancellationToken));

        public async ValueTask DisposeAsync()
        {
            _calls.Closed();
            await _file.DisposeAsync();
        }

        private NtResult<IStoreStream> Wrap(NtResult<IStoreStream> opened) =>
            opened.Succeeded ? new NtResult<IStoreStream>(new CountedStream(opened.Value, _calls)) : opened;
    }

    private sealed class CountedStream(IStoreStream stream, StoreCalls calls) : CountedFile(stream, calls), IStoreStream
    {
        public string StreamName => stream.StreamName;
    }
}
