using Smb3.Embedded.Commands.Info;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Quotas;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Quotas;

/// <summary>
/// QUERY_INFO and SET_INFO of quotas (MS-SMB2 3.3.5.20.4 and 3.3.5.21.4), through an open of the quota file or of any other file of the
/// volume.
/// </summary>
internal static class QuotaCommands
{
    public static ValueTask<NtStatus> QueryAsync(Request request, Open open, in QueryInfoRequest query, int length)
    {
        if (QuotasOf(open) is not { } quotas)
        {
            return new(NtStatus.NotSupported);
        }

        if (!QueryQuotaInfo.TryParse(query.Input, out var asked))
        {
            return new(NtStatus.InvalidParameter);
        }

        // A list of owners takes precedence over the owner to begin with, and that over where the last answer ended.
        if (!asked.SidList.IsEmpty)
        {
            return QuotaSidList.TryRead(asked.SidList, out var owners)
                ? AnswerAsync(request, null, quotas.GetAsync(owners, request.Token), asked.ReturnSingle, length)
                : new(NtStatus.InvalidParameter);
        }

        var cursor = open.QuotaCursor;
        if (!asked.StartSid.IsEmpty)
        {
            return Sid.TryRead(asked.StartSid, out var start)
                ? AnswerAsync(
                    request, cursor, quotas.ListAsync(start, including: true, request.Token), asked.ReturnSingle, length)
                : new(NtStatus.InvalidParameter);
        }

        if (asked.RestartScan)
        {
            cursor.Last = null;
        }

        return AnswerAsync(
            request, cursor, quotas.ListAsync(cursor.Last, including: false, request.Token), asked.ReturnSingle, length);
    }

    public static async ValueTask<NtStatus> SetAsync(Request request, Open open, ReadOnlyMemory<byte> buffer)
    {
        if (QuotasOf(open) is not { } quotas)
        {
            return NtStatus.NotSupported;
        }

        if (!QuotaInformation.TryReadList(buffer.Span, out var list))
        {
            return NtStatus.InvalidParameter;
        }

        var changes = new List<(Sid, QuotaLimits?)>(list.Count);
        foreach (var entry in list)
        {
            var limits = new QuotaLimits(FromWire(entry.Threshold), FromWire(entry.Limit));
            changes.Add((entry.Sid, entry.Limit == QuotaInformation.Removed ? null : limits));
        }

        return CanWrite(open) ? await quotas.SetAsync(CallerOf(open), changes, request.Token).ConfigureAwait(false)
            : NtStatus.AccessDenied;
    }

    /// <summary>SET_INFO of FileFsControlInformation (MS-FSA 2.1.5.16.2).</summary>
    public static async ValueTask<NtStatus> SetSettingsAsync(Request request, Open open, ReadOnlyMemory<byte> buffer)
    {
        if (QuotasOf(open) is not { } quotas)
        {
            return NtStatus.NotSupported;
        }

        if (!FsControlInformation.TryRead(buffer.Span, out var control))
        {
            return NtStatus.InfoLengthMismatch;
        }

        var settings = new QuotaSettings
        {
            IsTracked = (control.Flags & (FsControlFlags.QuotaTrack | FsControlFlags.QuotaEnforce)) != 0,
            IsEnforced = (control.Flags & FsControlFlags.QuotaEnforce) != 0,
            NotesThreshold = (control.Flags & FsControlFlags.LogQuotaThreshold) != 0,
            NotesLimit = (control.Flags & FsControlFlags.LogQuotaLimit) != 0,
            Default = new QuotaLimits(FromWire(control.DefaultThreshold), FromWire(control.DefaultLimit)),
        };
        return CanWrite(open) ? await quotas.SetSettingsAsync(CallerOf(open), settings, request.Token).ConfigureAwait(false)
            : NtStatus.AccessDenied;
    }

    /// <summary>What FileFsControlInformation says of a volume.</summary>
    public static async ValueTask<FsControlInformation> DescribeAsync(Volume volume, CancellationToken cancellationToken)
    {
        if (volume.Quotas is not { } quotas)
        {
            return FsControlInformation.None;
        }

        var found = await quotas.GetSettingsAsync(cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return FsControlInformation.None;
        }

        var settings = found.Value;
        return new FsControlInformation(
            ToWire(settings.Default.Threshold),
            ToWire(settings.Default.Limit),
            (settings.IsEnforced ? FsControlFlags.QuotaEnforce : settings.IsTracked ? FsControlFlags.QuotaTrack : 0)
                | (settings.NotesThreshold ? FsControlFlags.LogQuotaThreshold : 0)
                | (settings.NotesLimit ? FsControlFlags.LogQuotaLimit : 0)
                | quotas.State switch
                {
                    QuotaState.Complete => 0,
                    QuotaState.Incomplete => FsControlFlags.QuotasIncomplete,
                    _ => FsControlFlags.QuotasIncomplete | FsControlFlags.QuotasRebuilding,
                });
    }

    private static async ValueTask<NtStatus> AnswerAsync(
        Request request, QuotaCursor? cursor, ValueTask<NtResult<List<QuotaEntry>>> finding, bool single, int length)
    {
        var found = await finding.ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        if (found.Value.Count == 0)
        {
            return NtStatus.NoMoreEntries;
        }

        var target = InfoOutput.Begin(request, length);
        var list = new EntryListCursor(QuotaInformation.Alignment);
        foreach (var entry in found.Value)
        {
            var information = new QuotaInformation
            {
                Sid = entry.Owner,
                ChangeTime = entry.Changed,
                Used = entry.Used,
                Threshold = ToWire(entry.Limits.Threshold),
                Limit = ToWire(entry.Limits.Limit),
            };
            if (!information.TryWrite(ref list, target))
            {
                break;
            }

            if (cursor is not null)
            {
                cursor.Last = entry.Owner;
            }

            if (single)
            {
                break;
            }
        }

        return list.Count == 0 ? NtStatus.BufferTooSmall : InfoOutput.End(request, NtStatus.Success, list.Length);
    }

    private static VolumeQuotas? QuotasOf(Open open) => open switch
    {
        QuotaHandle quota => quota.Volume.Quotas,
        FileHandle file => file.File.Volume.Quotas,
        _ => null,
    };

    private static FileCaller CallerOf(Open open) => open is FileHandle file ? file.File.State.Caller : ((QuotaHandle)open).Caller;

    /// <summary>A share that grants no write access does not let anybody set limits either.</summary>
    private static bool CanWrite(Open open) =>
        ((open is FileHandle file ? file.File.GrantedAccess : ((QuotaHandle)open).Access) & FileAccessMask.WriteData) != 0;

    private static long? FromWire(long value) => value == QuotaInformation.NoLimit ? null : value;

    private static long ToWire(long? value) => value ?? QuotaInformation.NoLimit;
}
