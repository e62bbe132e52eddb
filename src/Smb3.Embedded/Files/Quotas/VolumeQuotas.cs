using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Quotas;

/// <summary>
/// The quotas of a volume (MS-FSA 2.1.5.21 and 2.1.5.22). Any caller that can reach the volume may read them; only administrators set them.
/// </summary>
internal sealed class VolumeQuotas(IQuotaStore store)
{
    private static readonly Comparer<Sid> BySid = Comparer<Sid>.Create(Compare);

    /// <summary>How far what is told of use can be relied on.</summary>
    public QuotaState State => store.QuotaState;

    /// <summary>The settings for the whole volume.</summary>
    public ValueTask<NtResult<QuotaSettings>> GetSettingsAsync(CancellationToken cancellationToken) =>
        store.GetQuotaSettingsAsync(cancellationToken);

    /// <summary>Changes the settings for the whole volume.</summary>
    public ValueTask<NtStatus> SetSettingsAsync(FileCaller caller, QuotaSettings settings, CancellationToken cancellationToken) =>
        !caller.IsAdministrator ? new(NtStatus.AccessDenied)
        : IsValid(settings.Default) ? store.SetQuotaSettingsAsync(settings, cancellationToken)
        : new(NtStatus.InvalidParameter);

    /// <summary>The entries in the order of their SIDs, starting with the one after <paramref name="after"/>.</summary>
    public async ValueTask<NtResult<List<QuotaEntry>>> ListAsync(Sid? after, bool including, CancellationToken cancellationToken)
    {
        var listed = await store.ListQuotasAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return listed.Status;
        }

        var entries = new List<QuotaEntry>();
        foreach (var entry in listed.Value)
        {
            if (after is null || Compare(entry.Owner, after) is var order && (order > 0 || (order == 0 && including)))
            {
                entries.Add(entry);
            }
        }

        entries.Sort(static (left, right) => BySid.Compare(left.Owner, right.Owner));
        return entries;
    }

    /// <summary>The entries of these owners, in this order.</summary>
    public async ValueTask<NtResult<List<QuotaEntry>>> GetAsync(IReadOnlyList<Sid> owners, CancellationToken cancellationToken)
    {
        var entries = new List<QuotaEntry>(owners.Count);
        foreach (var owner in owners)
        {
            var found = await store.GetQuotaAsync(owner, cancellationToken).ConfigureAwait(false);
            if (!found.Succeeded)
            {
                return found.Status;
            }

            entries.Add(found.Value);
        }

        return entries;
    }

    /// <summary>Sets the limits of owners; null removes those that an owner has.</summary>
    public async ValueTask<NtStatus> SetAsync(
        FileCaller caller, IReadOnlyList<(Sid Owner, QuotaLimits? Limits)> changes, CancellationToken cancellationToken)
    {
        if (!caller.IsAdministrator)
        {
            return NtStatus.AccessDenied;
        }

        foreach (var (_, limits) in changes)
        {
            if (limits is { } set && !IsValid(set))
            {
                return NtStatus.InvalidParameter;
            }
        }

        foreach (var (owner, limits) in changes)
        {
            var status = await store.SetQuotaAsync(owner, limits, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        return NtStatus.Success;
    }

    /// <summary>The volume as <paramref name="caller"/> sees it: if limits are enforced, it is no larger than the caller's limit.</summary>
    public async ValueTask<VolumeInformation> LimitAsync(
        VolumeInformation volume, FileCaller caller, CancellationToken cancellationToken)
    {
        var settings = await store.GetQuotaSettingsAsync(cancellationToken).ConfigureAwait(false);
        if (!settings.Succeeded || !settings.Value.IsEnforced)
        {
            return volume;
        }

        var own = await store.GetQuotaAsync(caller.User, cancellationToken).ConfigureAwait(false);
        if (!own.Succeeded || own.Value.Limits.Limit is not { } limit)
        {
            return volume;
        }

        return volume with
        {
            TotalBytes = Math.Min(volume.TotalBytes, limit),
            AvailableBytes = Math.Min(volume.AvailableBytes, Math.Max(limit - own.Value.Used, 0)),
        };
    }

    private static bool IsValid(in QuotaLimits limits) => limits is { Threshold: null or >= 0, Limit: null or >= 0 };

    private static int Compare(Sid left, Sid right)
    {
        var order = left.Authority.CompareTo(right.Authority);
        return order != 0 ? order : left.SubAuthorities.SequenceCompareTo(right.SubAuthorities);
    }
}
