using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using LockRequest = Smb3.Embedded.Wire.Io.LockRequest;

namespace Smb3.Embedded.Commands.Io;

/// <summary>LOCK (MS-SMB2 3.3.5.14): byte-range locks and unlocks.</summary>
internal sealed class LockHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!LockRequest.TryParse(request.Message.Span, out var locks) || locks.LockCount == 0)
        {
            return NtStatus.InvalidParameter;
        }

        // MS-SMB2 3.3.5.2.9 lets LOCK through when the session has expired, and Windows then unlocks only.
        if ((locks[0].Flags & LockFlags.Unlock) == 0 && request.Session!.State == SessionState.Expired)
        {
            return NtStatus.NetworkSessionExpired;
        }

        var status = request.FindFile(locks.FileId, out var handle);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // MS-SMB2 3.3.5.14: a request that is sent again because its answer was lost has been carried out already.
        var sequences = KeepsSequences(request, handle) ? handle.File.State.LockSequences : null;
        var stamp = new LockStamp(sequences, locks.LockSequenceIndex, locks.LockSequenceNumber);
        if (sequences?.WasDone(stamp.Index, stamp.Number) == true)
        {
            // It may still be on its way into the journal.
            status = await handle.File.State.CommitAsync().ConfigureAwait(false);
        }
        else
        {
            var unlock = (locks[0].Flags & LockFlags.Unlock) != 0;
            status = unlock
                ? Unlock(handle.File, locks, stamp)
                : await LockAsync(request, handle.File, Read(locks, out var wait), wait, stamp).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                status = await KeepAsync(request, handle.File, stamp).ConfigureAwait(false);
            }
        }

        if (status == NtStatus.Success)
        {
            EmptyResponse.Write(request.Append(EmptyResponse.FixedSize));
        }

        return status;
    }

    /// <summary>
    /// Has the journal keep what was locked or unlocked. What it cannot keep is not locked. What was unlocked stays so: a client that is told
    /// otherwise relies on a lock that others can take, whereas one that comes back with the next process harms nobody's data.
    /// </summary>
    private static ValueTask<NtStatus> KeepAsync(Request request, Files.FileOpen file, LockStamp stamp)
    {
        return file.State.IsKept ? WaitAsync(request, file, stamp) : new(NtStatus.Success);

        static async ValueTask<NtStatus> WaitAsync(Request request, Files.FileOpen file, LockStamp stamp)
        {
            var locked = Locked(request);
            var status = locked.Length == 0
                ? await file.Volume.SettleAsync().ConfigureAwait(false) : await file.State.CommitAsync().ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                return status;
            }

            if (locked.Length == 0)
            {
                return status == NtStatus.InsufficientResources ? NtStatus.Success : status;
            }

            stamp.Undo();
            file.Unlock(locked);
            file.State.Changed();
            return status;
        }
    }

    /// <summary>The ranges that a request has locked.</summary>
    private static ByteRange[] Locked(Request request)
    {
        if (!LockRequest.TryParse(request.Message.Span, out var locks) || (locks[0].Flags & LockFlags.Unlock) != 0)
        {
            return [];
        }

        var ranges = new ByteRange[locks.LockCount];
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new ByteRange(locks[i].Offset, locks[i].Length);
        }

        return ranges;
    }

    /// <summary>
    /// Whether an answer can get lost and its request come again: on an open that outlives its connection, or has several.
    /// </summary>
    private static bool KeepsSequences(Request request, FileHandle handle)
    {
        var negotiated = request.Connection.Negotiated!;
        return negotiated.Dialect > Smb2Dialect.Smb202
            && (handle.IsDurable || (negotiated.IsSmb3 && (negotiated.ServerCapabilities & Smb2Capabilities.MultiChannel) != 0));
    }

    private static NtStatus Unlock(Files.FileOpen file, in LockRequest locks, LockStamp stamp)
    {
        // MS-SMB2 3.3.5.14.1: one after the other; what was unlocked before an element that is not an unlock stays unlocked.
        var ranges = new ByteRange[locks.LockCount];
        var count = 0;
        while (count < ranges.Length && locks[count].Flags == LockFlags.Unlock)
        {
            ranges[count] = new ByteRange(locks[count].Offset, locks[count].Length);
            count++;
        }

        var status = file.Unlock(ranges.AsSpan(0, count), count == ranges.Length ? stamp : default);
        return status == NtStatus.Success && count < ranges.Length ? NtStatus.InvalidParameter : status;
    }

    /// <summary>The locks that are asked for; <see langword="null"/> when their flags make no sense (MS-SMB2 3.3.5.14.2).</summary>
    private static Files.Locking.LockRequest[]? Read(in LockRequest locks, out bool wait)
    {
        var requests = new Files.Locking.LockRequest[locks.LockCount];
        wait = false;
        for (var i = 0; i < requests.Length; i++)
        {
            var kind = locks[i].Flags & ~LockFlags.FailImmediately;
            if (kind is not (LockFlags.Shared or LockFlags.Exclusive))
            {
                return null;
            }

            wait |= (locks[i].Flags & LockFlags.FailImmediately) == 0;
            requests[i] = new Files.Locking.LockRequest(new ByteRange(locks[i].Offset, locks[i].Length), kind == LockFlags.Exclusive);
        }

        // Only a single lock may wait.
        return wait && requests.Length > 1 ? null : requests;
    }

    private static async ValueTask<NtStatus> LockAsync(
        Request request, Files.FileOpen file, Files.Locking.LockRequest[]? requests, bool wait, LockStamp stamp)
    {
        if (requests is null)
        {
            return NtStatus.InvalidParameter;
        }

        var locking = file.LockAsync(requests, !wait, stamp, wait ? request.EnableCancel() : CancellationToken.None);
        if (!locking.IsCompleted)
        {
            request.GoAsync();
        }

        return await locking.ConfigureAwait(false);
    }
}
