using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>An open handle of a <see cref="ReadOnlyFileStore"/>.</summary>
public sealed class ReadOnlyFile : IStoreFile
{
    private readonly ReadOnlyFileStore _store;
    private readonly SemaphoreSlim _turn = new(1);
    private Stream? _stream;
    private long _position;

    internal ReadOnlyFile(ReadOnlyFileStore store, StorePath path, ReadOnlyEntry entry)
    {
        _store = store;
        Path = path;
        Entry = entry;
    }

    /// <inheritdoc/>
    public StorePath Path { get; }

    /// <summary>What the store said of the file when it was opened.</summary>
    public ReadOnlyEntry Entry { get; }

    /// <inheritdoc/>
    public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var entry = await _store.FindAsync(Path, cancellationToken).ConfigureAwait(false) ?? Entry;
        return _store.ToMetadata(Path, entry);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        Entry.IsDirectory ? new(NtStatus.InvalidDeviceRequest) : _store.ReadAsync(this, offset, buffer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(Entry.IsDirectory ? new NtResult<IStoreListing>(new Listing(_store, Path)) : NtStatus.NotADirectory);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stream is { } stream)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    /// <summary>Reads from the file's stream, one reader at a time.</summary>
    internal async ValueTask<NtResult<int>> ReadStreamAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await SeekAsync(offset, cancellationToken).ConfigureAwait(false))
            {
                return 0;
            }

            var read = await _stream!.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            _position += read;
            return read;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception is FileNotFoundException or DirectoryNotFoundException ? NtStatus.FileDeleted
                : exception is UnauthorizedAccessException ? NtStatus.AccessDenied
                : NtStatus.UnexpectedIoError;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<bool> SeekAsync(long offset, CancellationToken cancellationToken)
    {
        if (_stream is { CanSeek: false } && offset < _position)
        {
            var old = _stream;
            _stream = null;
            await old.DisposeAsync().ConfigureAwait(false);
        }

        if (_stream is null)
        {
            _stream = await _store.OpenReadAsync(Path, cancellationToken).ConfigureAwait(false);
            _position = 0;
        }

        if (_stream.CanSeek)
        {
            if (offset >= _stream.Length)
            {
                return false;
            }

            _stream.Position = _position = offset;
            return true;
        }

        var skipped = new byte[Math.Min(64 * 1024, Math.Max(1, offset - _position))];
        while (_position < offset)
        {
            var read = await _stream.ReadAsync(skipped.AsMemory(0, (int)Math.Min(skipped.Length, offset - _position)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _position += read;
        }

        return true;
    }

    private sealed class Listing(ReadOnlyFileStore store, StorePath directory) : IStoreListing
    {
        private readonly CancellationTokenSource _end = new();
        private IAsyncEnumerator<ReadOnlyEntry>? _entries;

        public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
        {
            _entries ??= store.ListAsync(directory, _end.Token).GetAsyncEnumerator(_end.Token);
            var count = 0;
            while (count < entries.Length && await _entries.MoveNextAsync().ConfigureAwait(false))
            {
                var entry = _entries.Current;
                entries.Span[count++] = new StoreEntry(entry.Name, store.ToMetadata(directory.Append(entry.Name), entry));
            }

            return count;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync().ConfigureAwait(false);
            if (_entries is { } entries)
            {
                await entries.DisposeAsync().ConfigureAwait(false);
            }

            _end.Dispose();
        }
    }
}
