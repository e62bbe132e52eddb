using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Options;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// The quotas of a folder. What an owner uses is what it is on NTFS: the length of all data streams together, whatever of it is sparse or
/// compressed ("Disk Quota Limits" and "Sparse Files and Disk Quotas" of the Windows documentation). It is in memory only, from a count of the
/// whole folder; limits are kept in a file.
/// </summary>
internal sealed class FolderQuotas : IQuotaStore, IDisposable
{
    private readonly LinuxRoot _root;
    private readonly QuotaAccounts _accounts;
    private readonly KeptLimits _limits;
    private readonly QuotaCounter _counter;
    private readonly bool _isReadOnly;

    /// <param name="root">The root of the store; it is held meanwhile.</param>
    /// <param name="accounts">The owners.</param>
    /// <param name="table">The files that are being changed.</param>
    /// <param name="streams">Knows the streams of files.</param>
    /// <param name="file">Where limits are kept.</param>
    /// <param name="options">How the folder is treated.</param>
    /// <exception cref="IOException">The limits cannot be read.</exception>
    public FolderQuotas(
        LinuxRoot root, QuotaAccounts accounts, ChargeTable table, IStreamLengths streams, IKeptFile file, PhysicalFileStoreOptions options)
    {
        _root = root;
        _accounts = accounts;
        _isReadOnly = options.ReadOnly;
        _limits = new KeptLimits(file, accounts, options.Time, options.Logger);
        _limits.Open();
        _counter = new QuotaCounter(root, table, streams, options.Time, options.QuotaRecountInterval, options.Logger);
    }

    /// <inheritdoc/>
    public QuotaState QuotaState => _counter.State;

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken)
    {
        Refresh();
        return new(_accounts.Settings);
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken)
    {
        var whole = settings with { IsTracked = settings.IsTracked || settings.IsEnforced };
        var status = await Task.Run(() => Change(() => _limits.Set(whole)), cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            _ = RecountAsync(); // NTFS counts again when quotas are turned on
        }

        return status;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken)
    {
        Refresh();
        return new(new NtResult<IReadOnlyList<QuotaEntry>>(_accounts.List()));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        Refresh();
        return new(_accounts.Get(owner));
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return await Task.Run(() => Change(() => _limits.Set(owner, limits)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Counts again; completes with a count that began after this was called.</summary>
    public Task RecountAsync()
    {
        Refresh();
        return _counter.CountAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _counter.Dispose();

    // A folder that is not there just now says so where it is used; limits stay as they are known.
    private void Refresh()
    {
        if (_root.Enter() != 0)
        {
            return;
        }

        try
        {
            _limits.Refresh();
        }
        finally
        {
            _root.Leave();
        }
    }

    private NtStatus Change(Func<NtStatus> change)
    {
        if (_isReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        var error = _root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return change();
        }
        finally
        {
            _root.Leave();
        }
    }
}
