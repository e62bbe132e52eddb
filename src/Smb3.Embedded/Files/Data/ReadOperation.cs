using System.Runtime.CompilerServices;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Data;

/// <summary>Reads data (MS-FSA 2.1.5.3).</summary>
internal static class ReadOperation
{
    /// <summary>Reads data.</summary>
    /// <param name="open">The open.</param>
    /// <param name="offset">Bytes from the start of the file.</param>
    /// <param name="buffer">Where the data goes.</param>
    /// <param name="minimumCount">Reading fewer bytes than this is an END_OF_FILE.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Bytes read; or ACCESS_DENIED, INVALID_DEVICE_REQUEST for a directory, FILE_LOCK_CONFLICT, END_OF_FILE.</returns>
    public static ValueTask<NtResult<int>> ReadAsync(
        this FileOpen open, long offset, Memory<byte> buffer, uint minimumCount, CancellationToken cancellationToken)
    {
        if (open.IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!open.HasAny(FileAccessMask.ReadData | FileAccessMask.Execute))
        {
            return new(NtStatus.AccessDenied);
        }

        if (offset < 0 || offset > long.MaxValue - buffer.Length || (open.IsUnbuffered && !open.IsAligned(offset, buffer.Length)))
        {
            return new(NtStatus.InvalidParameter);
        }

        if (open.File.Locks is { } locks && !locks.Permits(open, new ByteRange((ulong)offset, (ulong)buffer.Length), write: false))
        {
            return new(NtStatus.FileLockConflict);
        }

        if (!open.TryEnter(out var isPaused))
        {
            return isPaused ? open.ReadLaterAsync(offset, buffer, minimumCount, cancellationToken) : new(NtStatus.FileClosed);
        }

        ValueTask<NtResult<int>> reading;
        try
        {
            reading = open.Data.ReadAsync(offset, buffer, cancellationToken);
        }
        catch
        {
            open.Exit();
            throw;
        }

        if (!reading.IsCompletedSuccessfully)
        {
            return open.FinishReadAsync(reading, offset, buffer.Length, minimumCount);
        }

        var result = reading.Result;
        open.Exit();
        return new(open.CheckRead(result, offset, buffer.Length, minimumCount));
    }

    private static async ValueTask<NtResult<int>> ReadLaterAsync(
        this FileOpen open, long offset, Memory<byte> buffer, uint minimumCount, CancellationToken cancellationToken)
    {
        await open.WhenResumedAsync().ConfigureAwait(false);
        return await open.ReadAsync(offset, buffer, minimumCount, cancellationToken).ConfigureAwait(false);
    }

    private static NtResult<int> CheckRead(this FileOpen open, NtResult<int> result, long offset, int wanted, uint minimumCount)
    {
        if (!result.Succeeded)
        {
            return result;
        }

        if (result.Value < minimumCount || (result.Value == 0 && wanted > 0))
        {
            return NtStatus.EndOfFile; // MS-SMB2 3.3.5.12
        }

        open.State.Position = offset + result.Value; // MS-FSA 2.1.5.3
        open.File.Times.Access.Note(open);
        open.Volume.Statistics.CountRead(result.Value);
        open.Folder?.Count(result.Value);
        open.Observation?.CountRead(result.Value);
        return result;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtResult<int>> FinishReadAsync(
        this FileOpen open, ValueTask<NtResult<int>> reading, long offset, int wanted, uint minimumCount)
    {
        try
        {
            return open.CheckRead(await reading.ConfigureAwait(false), offset, wanted, minimumCount);
        }
        finally
        {
            open.Exit();
        }
    }
}
