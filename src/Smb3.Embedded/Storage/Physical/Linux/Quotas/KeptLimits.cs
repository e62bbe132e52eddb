using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// Limits and settings, in a file of the folder. What another server, or an administrator, has written there is taken over when somebody asks
/// and before each count; what cannot be read is left as it is, and the limits that were known hold.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="accounts">The owners, who are told their limits.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told when the file is damaged; null: nobody.</param>
internal sealed class KeptLimits(IKeptFile file, QuotaAccounts accounts, TimeProvider time, ILogger? logger)
{
    private readonly Lock _sync = new();
    private Dictionary<Sid, (QuotaLimits Limits, FileTime Changed)> _limits = [];
    private FileStamp _stamp;
    private string? _problem;

    /// <summary>Reads the file for the first time.</summary>
    /// <exception cref="IOException">It is damaged, or cannot be read.</exception>
    public void Open()
    {
        lock (_sync)
        {
            var status = Refreshed();
            if (status != NtStatus.Success)
            {
                throw new IOException(
                    $"the limits of its quotas in '{file.Path}' cannot be read ({_problem ?? status.ToString()}); mend that file or bring it "
                        + "back from a backup, or remove it to have no limits");
            }
        }
    }

    /// <summary>Takes over what the file has become, unless it is being written just now.</summary>
    public void Refresh()
    {
        if (!_sync.TryEnter())
        {
            return;
        }

        try
        {
            _ = Refreshed();
        }
        finally
        {
            _sync.Exit();
        }
    }

    /// <summary>Changes the settings.</summary>
    public NtStatus Set(QuotaSettings settings)
    {
        lock (_sync)
        {
            var status = Refreshed();
            return status == NtStatus.Success ? Save(settings, _limits) : status;
        }
    }

    /// <summary>Changes the limits of one owner; null removes them.</summary>
    public NtStatus Set(Sid owner, QuotaLimits? limits)
    {
        lock (_sync)
        {
            var status = Refreshed();
            if (status != NtStatus.Success)
            {
                return status;
            }

            var changed = new Dictionary<Sid, (QuotaLimits, FileTime)>(_limits);
            if (limits is { } given)
            {
                changed[owner] = (given, FileTime.From(time.GetUtcNow()));
            }
            else
            {
                changed.Remove(owner);
            }

            return Save(accounts.Settings, changed);
        }
    }

    private NtStatus Refreshed()
    {
        var error = file.Stamp(out var stamp);
        if (error == 0 && stamp == _stamp)
        {
            return _problem is null ? NtStatus.Success : NtStatus.FileCorruptError;
        }

        var content = Array.Empty<byte>();
        if (error == 0 && stamp != default)
        {
            error = file.Read(out content);
        }

        if (error != 0)
        {
            return error.ToStatus();
        }

        _stamp = stamp;
        _problem = null;
        if (stamp == default)
        {
            _limits = [];
            accounts.Load(new QuotaSettings { IsTracked = true }, _limits);
        }
        else if (QuotaRecord.TryParse(content, out var record, out var problem))
        {
            _limits = new(record.ReadOwners()!);
            accounts.Load(record.Settings, _limits);
        }
        else
        {
            _problem = problem;
            if (logger is not null)
            {
                ServerLog.QuotaLimitsDamaged(logger, file.Path, problem);
            }

            return NtStatus.FileCorruptError;
        }

        return NtStatus.Success;
    }

    private NtStatus Save(QuotaSettings settings, Dictionary<Sid, (QuotaLimits Limits, FileTime Changed)> limits)
    {
        var error = file.Replace(QuotaRecord.From(settings, limits).ToBytes());
        if (error != 0)
        {
            return error.ToStatus();
        }

        _limits = limits;
        accounts.Load(settings, limits);
        _ = file.Stamp(out _stamp);
        return NtStatus.Success;
    }
}
