using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects.Spooling;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>
/// A file or folder that is open: all its handles see one state. A file is read from the store by ranges until somebody changes it; from then
/// on it is in the spool, until it has been uploaded and nobody writes any more.
/// </summary>
internal sealed class ObjectNode(ObjectFileStore store, string key, ObjectState state, string? version)
{
    private const int CopyBuffer = 1 << 20;
    private const int Attempts = 3;

    private volatile string _key = key;
    private StateBox _state = new(state);
    private string? _version = version;
    private Spool? _spool;
    private bool _isDirty;
    private ReadAhead? _ahead;
    private long _readUpTo;
    private int _handles;
    private int _readers;
    private int _writers;

    public string Key
    {
        get => _key;
        set => _key = value;
    }

    public bool IsFolder => ObjectKeys.IsFolder(Key);

    public ObjectState State
    {
        get => Volatile.Read(ref _state).Value;
        private set => Volatile.Write(ref _state, new(value));
    }

    /// <summary>Whether its name is gone.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>Whether its last handle has ended. Under the lock of the nodes.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether a handle may still ask for data. Under the lock of the nodes.</summary>
    public bool HasReaders => Volatile.Read(ref _readers) > 0;

    /// <summary>Counts handles, under the lock of the nodes.</summary>
    public int Count(StoreAccess access, int change)
    {
        _readers += access == StoreAccess.Metadata ? 0 : change;
        _writers += access == StoreAccess.ReadWrite ? change : 0;
        return _handles += change;
    }

    /// <summary>Keeps everybody else from the data and the state.</summary>
    public AsyncMutex Turns { get; } = new();

    public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            string? version;
            string key;
            int count;
            var window = 0;
            using (await Turns.EnterAsync(cancellationToken).ConfigureAwait(false))
            {
                if (_spool is { } spool)
                {
                    return await spool.ReadAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
                }

                count = (int)Math.Clamp(State.Length - offset, 0, buffer.Length);
                if (count == 0)
                {
                    return 0;
                }

                (key, version) = (Key, _version);
                if (_ahead?.TryRead(version, offset, buffer[..count]) == true)
                {
                    _readUpTo = offset + count;
                    return count;
                }

                var isNext = offset == _readUpTo && offset > 0;
                _readUpTo = offset + count;
                if (isNext && count < store.Options.ReadAhead && TryTakeWindow())
                {
                    window = (int)Math.Min(store.Options.ReadAhead, State.Length - offset);
                }
            }

            // Outside the turn: several clients, and several requests of one, read at once.
            var read = window > count
                ? await ReadWindowAsync(key, version, offset, window, buffer[..count], cancellationToken).ConfigureAwait(false)
                : await ReadRangeAsync(key, version, offset, buffer[..count], cancellationToken).ConfigureAwait(false);
            if (read.Succeeded || attempt == Attempts || read.Status is not (NtStatus.FileInvalid or NtStatus.ObjectNameNotFound))
            {
                return read;
            }

            using (await Turns.EnterAsync(cancellationToken).ConfigureAwait(false))
            {
                if (_spool is null && key == Key && version == _version
                    && await RefreshAsync(cancellationToken).ConfigureAwait(false) is not NtStatus.Success and var gone)
                {
                    return gone;
                }
            }
        }
    }

    public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (offset > store.Traits.MaxFileLength - data.Length)
        {
            return NtStatus.FileTooLarge;
        }

        if (data.IsEmpty)
        {
            return NtStatus.Success;
        }

        using var turn = await Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        var status = await SpoolAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            // A part may be there even when the rest was refused.
            _isDirty = true;
            status = await _spool!.WriteAsync(offset, data, cancellationToken).ConfigureAwait(false);
            State = State.WrittenAt(store.Now, _spool.Length);
        }

        return status;
    }

    public async ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (length > store.Traits.MaxFileLength)
        {
            return NtStatus.FileTooLarge;
        }

        using var turn = await Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (length == State.Length)
        {
            return NtStatus.Success;
        }

        var status = await SpoolAsync(length, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            status = await _spool!.SetLengthAsync(length, cancellationToken).ConfigureAwait(false);
            _isDirty |= status == NtStatus.Success || _spool.Length != State.Length;
            State = State.WrittenAt(store.Now, _spool.Length);
        }

        return status;
    }

    public async ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        if (change.IsEmpty)
        {
            return NtStatus.Success;
        }

        using var turn = await Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        var changed = State.With(change, store.Now);
        if (!_isDirty && !IsDeleted && store.KeepsProperties && Key.Length > 0)
        {
            // A folder may have no object of its own yet.
            var kept = IsFolder
                ? await store.PutObjectAsync(Key, Stream.Null, changed.Format(), ObjectCondition.None, cancellationToken).ConfigureAwait(false)
                : await store.SetObjectPropertiesAsync(Key, changed.Format(), cancellationToken).ConfigureAwait(false);
            if (!kept.Succeeded)
            {
                return kept.Status;
            }

            _version = kept.Value.Version;
        }

        State = changed;
        return NtStatus.Success;
    }

    /// <summary>Puts what was written in the store.</summary>
    /// <param name="isClosing">Whether a handle that writes is about to end: what is left of the spool goes with the last of them.</param>
    /// <param name="cancellationToken">Ends the wait: then nothing is lost, and it can be tried again.</param>
    public async ValueTask<NtStatus> UploadAsync(bool isClosing, CancellationToken cancellationToken)
    {
        using var turn = await Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (IsDeleted)
        {
            return NtStatus.Success;
        }

        if (_isDirty)
        {
            var content = new SpoolStream(_spool!);
            await using var contentUse = content.ConfigureAwait(false);
            var put = await store.PutObjectAsync(
                Key, content, store.KeepsProperties ? State.Format() : null, ObjectCondition.Same(_version), cancellationToken).ConfigureAwait(false);
            if (!put.Succeeded)
            {
                return put.Status;
            }

            _version = put.Value.Version;
            _isDirty = false;
        }

        if (isClosing && _writers <= 1)
        {
            _spool?.Dispose();
            _spool = null;
        }

        return NtStatus.Success;
    }

    /// <summary>Takes all data out of the store, because its object goes away and a handle may still read it. Within a turn.</summary>
    public ValueTask<NtStatus> PreserveAsync(CancellationToken cancellationToken) => SpoolAsync(long.MaxValue, cancellationToken);

    /// <summary>Learns the version of an object that has been moved. Within a turn.</summary>
    public async ValueTask LearnVersionAsync(CancellationToken cancellationToken)
    {
        if (_version is not null && await store.FindObjectAsync(Key, cancellationToken).ConfigureAwait(false) is { Succeeded: true, Value: { } entry })
        {
            _version = entry.Version;
        }
    }

    /// <summary>The last handle has ended.</summary>
    public async ValueTask EndAsync()
    {
        using var turn = await Turns.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        _ahead?.Dispose();
        _ahead = null;
        _spool?.Dispose();
        _spool = null;
    }

    /// <summary>Has the data in the spool, as far as <paramref name="keep"/>.</summary>
    private async ValueTask<NtStatus> SpoolAsync(long keep, CancellationToken cancellationToken)
    {
        if (_spool is not null)
        {
            return NtStatus.Success;
        }

        _ahead?.Dispose();
        _ahead = null;
        for (var attempt = 1; ; attempt++)
        {
            var spool = new Spool(store.Place);
            var status = NtStatus.UnexpectedIoError;
            try
            {
                status = await FillAsync(spool, Math.Min(keep, State.Length), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (status != NtStatus.Success)
                {
                    spool.Dispose();
                }
            }

            if (status == NtStatus.Success)
            {
                _spool = spool;
                return status;
            }

            if (status is not NtStatus.FileInvalid || attempt == Attempts)
            {
                return status;
            }

            status = await RefreshAsync(cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }
    }

    private async ValueTask<NtStatus> FillAsync(Spool spool, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return NtStatus.Success;
        }

        // There is room for all of it, or nothing is fetched.
        var status = await spool.SetLengthAsync(length, cancellationToken).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(CopyBuffer, length));
        try
        {
            for (long at = 0; at < length && status == NtStatus.Success;)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - at));
                var read = await ReadRangeAsync(Key, _version, at, part, cancellationToken).ConfigureAwait(false);
                status = !read.Succeeded ? read.Status
                    : await spool.WriteAsync(at, new ReadOnlySequence<byte>(part), cancellationToken).ConfigureAwait(false);
                at += part.Length;
            }

            return status;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Others have put another object in its place, which is what is read from now on.</summary>
    private async ValueTask<NtStatus> RefreshAsync(CancellationToken cancellationToken)
    {
        var found = await store.FindObjectAsync(Key, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        if (found.Value is not { } entry)
        {
            return NtStatus.FileInvalid;
        }

        _version = entry.Version;
        State = ObjectState.Of(entry, store.KeepsProperties) with { Id = State.Id };
        return NtStatus.Success;
    }

    /// <summary>Fills the buffer; a store that tells fewer bytes than the object has is not believed.</summary>
    private async ValueTask<NtResult<int>> ReadRangeAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await store.ReadObjectAsync(key, version, offset, buffer, cancellationToken).ConfigureAwait(false);
        return read.Succeeded && read.Value != buffer.Length ? NtStatus.FileInvalid : read;
    }

    private bool TryTakeWindow()
    {
        _ahead?.Dispose();
        _ahead = null;
        return store.Place.Memory.TryTake(store.Options.ReadAhead);
    }

    private async ValueTask<NtResult<int>> ReadWindowAsync(
        string key, string? version, long offset, int window, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var ahead = new ReadAhead(version, offset, window, store.Options.ReadAhead, store.Place.Memory, store.Windows);
        var isKept = false;
        try
        {
            var read = await ReadRangeAsync(key, version, offset, ahead.Data, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            ahead.Data[..buffer.Length].CopyTo(buffer);
            using var turn = await Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
            if (_ahead is null && _spool is null)
            {
                _ahead = ahead;
                isKept = true;
            }

            return buffer.Length;
        }
        finally
        {
            if (!isKept)
            {
                ahead.Dispose();
            }
        }
    }

    private sealed record StateBox(ObjectState Value);
}
