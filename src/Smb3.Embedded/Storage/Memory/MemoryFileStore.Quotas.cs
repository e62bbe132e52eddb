using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Quotas. A file is charged to the owner that its security descriptor names; without one it is charged to nobody.
public sealed partial class MemoryFileStore
{
    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken) => new(_space.Quotas.Settings);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken)
    {
        _space.Quotas.Settings = settings with { IsTracked = settings.IsTracked || settings.IsEnforced };
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken) =>
        new(new NtResult<IReadOnlyList<QuotaEntry>>(_space.Quotas.List()));

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return new(_space.Quotas.Get(owner));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        _space.Quotas.Set(owner, limits);
        return new(NtStatus.Success);
    }
}
