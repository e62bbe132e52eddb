using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Portable;

namespace Smb3.Embedded.Storage.Objects.Spooling;

/// <summary>
/// The data of a file that is being written: in memory while it is small and there is room, else in a temporary file. Not for several
/// callers at once.
/// </summary>
internal sealed class Spool(SpoolPlace place) : IDisposable
{
    private byte[] _memory = [];
    private FileStream? _file;
    private bool _isOver;

    public long Length { get; private set; }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        if (_file is null)
        {
            if (count > 0)
            {
                _memory.AsSpan((int)offset, count).CopyTo(buffer.Span);
            }

            return count;
        }

        for (var done = 0; done < count;)
        {
            var read = await RandomAccess.ReadAsync(_file.SafeFileHandle, buffer[done..count], offset + done, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException("A temporary file of the spool is shorter than it was made.");
            }

            done += read;
        }

        return count;
    }

    public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        var end = offset + data.Length;
        if (end > Length && await SetLengthAsync(end, cancellationToken).ConfigureAwait(false) is not NtStatus.Success and var refused)
        {
            return refused;
        }

        if (_file is null)
        {
            data.CopyTo(_memory.AsSpan((int)offset));
            return NtStatus.Success;
        }

        try
        {
            foreach (var segment in data)
            {
                await RandomAccess.WriteAsync(_file.SafeFileHandle, segment, offset, cancellationToken).ConfigureAwait(false);
                offset += segment.Length;
            }

            return NtStatus.Success;
        }
        catch (IOException e)
        {
            return PortableErrors.ToStatus(e);
        }
    }

    /// <summary>Cuts, or extends by zeros; DISK_FULL, with nothing changed, when there is no room.</summary>
    public async ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        var more = length - Length;
        if (more > 0 && !place.Space.TryTake(more))
        {
            return NtStatus.DiskFull;
        }

        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = await ResizeAsync(length, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            status = PortableErrors.ToStatus(e);
        }
        finally
        {
            var isDone = status == NtStatus.Success;
            if (isDone != more > 0)
            {
                place.Space.Return(isDone ? -more : Math.Max(more, 0));
            }

            Length = isDone ? length : Length;
        }

        return status;
    }

    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        _file?.Dispose();
        place.Space.Return(Length);
        place.Memory.Return(_memory.Length);
        _memory = [];
        Length = 0;
    }

    private async ValueTask<NtStatus> ResizeAsync(long length, CancellationToken cancellationToken)
    {
        if (_file is null && length <= place.MemoryPerFile && TryHold((int)length))
        {
            return NtStatus.Success;
        }

        if (_file is null)
        {
            var file = place.MakeFile();
            try
            {
                await RandomAccess.WriteAsync(file.SafeFileHandle, _memory.AsMemory(0, (int)Math.Min(Length, length)), 0, cancellationToken).ConfigureAwait(false);
                RandomAccess.SetLength(file.SafeFileHandle, length);
            }
            catch
            {
                file.Dispose();
                throw;
            }

            _file = file;
            place.Memory.Return(_memory.Length);
            _memory = [];
            return NtStatus.Success;
        }

        RandomAccess.SetLength(_file.SafeFileHandle, length);
        return NtStatus.Success;
    }

    private bool TryHold(int length)
    {
        if (length > _memory.Length)
        {
            var size = Math.Min(place.MemoryPerFile, Math.Max(length, _memory.Length * 2));
            if (!place.Memory.TryTake(size - _memory.Length))
            {
                return false;
            }

            Array.Resize(ref _memory, size);
        }

        if (length < Length)
        {
            _memory.AsSpan(length, (int)Length - length).Clear();
        }

        return true;
    }
}
