using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;

namespace Smb3.Embedded.Storage.Physical.Linux.Handles;

// Where quotas are kept: whatever lengthens the data is charged to the owner first.
internal sealed partial class LinuxFile : ILengthSource
{
    private InodeCharge? _charge;

    /// <inheritdoc/>
    bool ILengthSource.TryGetLength(out long length)
    {
        var error = InodeCalls.Stat(Inode, out var stat);
        length = stat.Size;
        return error == 0;
    }

    private ValueTask<NtStatus> WriteChargedAsync(ChargeTable charges, long offset, ReadOnlySequence<byte> data)
    {
        var status = Begin(charges, offset + data.Length, out var length);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        ValueTask<NtStatus> writing;
        try
        {
            writing = Volume.Data.WriteAsync(Inode, offset, data);
        }
        catch
        {
            length!.End(isAsAnnounced: false, this);
            throw;
        }

        return writing.IsCompletedSuccessfully ? new(End(length!, writing.Result)) : EndLaterAsync(length!, writing);
    }

    private NtStatus SetChargedLength(ChargeTable charges, long wanted)
    {
        var status = Begin(charges, wanted, out var length);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // A write that is under way may land behind the new end.
        status = DataCalls.SetLength(Inode, wanted);
        length!.End(isAsAnnounced: false, this);
        return status;
    }

    /// <summary>Does what may take long and ends at <paramref name="end"/>, or before.</summary>
    private ValueTask<NtStatus> RunChargedAsync(long end, Func<NtStatus> work)
    {
        if (Volume.Charges is not { } charges)
        {
            return Volume.Data.RunAsync(work);
        }

        var status = Begin(charges, end, out var length);
        return status != NtStatus.Success ? new(status) : EndRunAsync(length!, Volume.Data.RunAsync(work));
    }

    // It may have ended before the end that was announced, or made nothing longer at all.
    private async ValueTask<NtStatus> EndRunAsync(ChargedLength length, ValueTask<NtStatus> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        finally
        {
            length.End(isAsAnnounced: false, this);
        }
    }

    /// <summary>
    /// Reserves space. What is reserved beyond the end is not charged, so nobody gets more that way than the owner may have; and where a limit
    /// is enforced nothing is held there at all, or many files could hold what one of them may.
    /// </summary>
    private NtStatus Reserve(long size)
    {
        if (Volume.Charges is not { } charges || size <= 0)
        {
            return DataCalls.Reserve(Inode, size);
        }

        var status = Begin(charges, 0, out var length);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = !length!.MayReach(size) ? NtStatus.DiskFull
            : length.IsLimited ? NtStatus.Success
            : DataCalls.Reserve(Inode, size);
        length.End(isAsAnnounced: true, this);
        return status;
    }

    /// <summary>The file was never handed out.</summary>
    private NtStatus Abandon(NtStatus status)
    {
        _charge?.Leave();
        _charge = null;
        return status;
    }

    private NtStatus Begin(ChargeTable charges, long end, out ChargedLength? length)
    {
        length = null;
        var charge = Volatile.Read(ref _charge);
        if (charge is null)
        {
            var entered = charges.Enter(Inode, Volume.Streams, out var error);
            if (entered is null)
            {
                return error.ToStatus();
            }

            charge = Interlocked.CompareExchange(ref _charge, entered, null);
            if (charge is null)
            {
                charge = entered;
            }
            else
            {
                entered.Leave();
            }
        }

        length = charge.Data;
        return length.TryBegin(end) ? NtStatus.Success : NtStatus.DiskFull;
    }

    private NtStatus End(ChargedLength length, NtStatus status)
    {
        length.End(isAsAnnounced: status == NtStatus.Success, this);
        return status;
    }

    private async ValueTask<NtStatus> EndLaterAsync(ChargedLength length, ValueTask<NtStatus> work)
    {
        var status = NtStatus.UnexpectedIoError;
        try
        {
            return status = await work.ConfigureAwait(false);
        }
        finally
        {
            End(length, status);
        }
    }
}
