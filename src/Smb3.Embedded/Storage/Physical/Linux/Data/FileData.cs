using System.Buffers;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Data;

/// <summary>
/// Reads and writes the data of a store's open files. What is in the page cache is transferred at once; whatever has to wait for the disk
/// does so on the thread pool.
/// </summary>
/// <param name="isInMemory">Whether the file system has no disk to wait for.</param>
internal sealed class FileData(bool isInMemory)
{
    // Copying this much into the page cache is quicker than handing it to another thread.
    private const int InlineWrite = 256 * 1024;

    // Pooled reads that are not waiting for anything at present.
    private readonly ConcurrentQueue<BlockingRead> _reads = new();

    // Whether RWF_NOWAIT works here.
    private bool _canReadWithoutWaiting = true;
    private bool _canWriteWithoutWaiting = true;

    /// <summary>Reads up to the end of the buffer, or of the file.</summary>
    public ValueTask<NtResult<int>> ReadAsync(FileDescriptor file, long offset, Memory<byte> buffer)
    {
        var done = 0;
        if (_canReadWithoutWaiting)
        {
            var error = DataCalls.Read(file, offset, buffer.Span, Native.NoWait, ref done);
            if (error is not (Errno.Again or Errno.NotSupported))
            {
                return error == 0 ? new(done) : new(error.ToStatus());
            }

            if (error == Errno.NotSupported)
            {
                _canReadWithoutWaiting = false;
            }
        }

        return isInMemory
            ? new(BlockingRead.Finish(file, offset, buffer.Span, done))
            : BlockingRead.Start(_reads, file, offset, buffer, done);
    }

    /// <summary>Writes everything.</summary>
    public ValueTask<NtStatus> WriteAsync(FileDescriptor file, long offset, ReadOnlySequence<byte> data)
    {
        long done = 0;
        var flags = data.Length > InlineWrite && _canWriteWithoutWaiting && !isInMemory ? Native.NoWait : 0;
        var error = DataCalls.Write(file, offset, data, flags, ref done);
        if (error == Errno.NotSupported && flags != 0)
        {
            _canWriteWithoutWaiting = false;
            error = DataCalls.Write(file, offset, data, 0, ref done);
        }

        return error == Errno.Again ? WriteLaterAsync(file, offset, data, done) : new(error.ToStatus());
    }

    /// <summary>Does work that may wait for the disk.</summary>
    public ValueTask<NtStatus> RunAsync(Func<NtStatus> work) =>
        isInMemory ? new(work()) : new(Task.Run(work, CancellationToken.None));

    private static ValueTask<NtStatus> WriteLaterAsync(FileDescriptor file, long offset, ReadOnlySequence<byte> data, long done) =>
        new(Task.Run(() =>
        {
            var written = done;
            return DataCalls.Write(file, offset, data, 0, ref written).ToStatus();
        }));
}
