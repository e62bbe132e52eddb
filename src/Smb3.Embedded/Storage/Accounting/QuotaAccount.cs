using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Accounting;

/// <summary>The bytes that one owner's files occupy. Bytes shared by several files count for each of them.</summary>
internal sealed class QuotaAccount(Sid owner)
{
    private readonly Lock _sync = new();
    private QuotaLimits? _given;
    private QuotaLimits _default;
    private FileTime _changed;
    private bool _enforced;
    private long _used;

    // What goes without having been counted, because another program had made it, can take more away than there is.
    private long Used => Math.Max(_used, 0);

    /// <summary>Whether the owner has files or limits of its own.</summary>
    public bool IsWorthListing
    {
        get
        {
            lock (_sync)
            {
                return _used != 0 || _given is not null;
            }
        }
    }

    /// <summary>Takes <paramref name="bytes"/>, all or nothing.</summary>
    public bool TryTake(long bytes)
    {
        lock (_sync)
        {
            if (!Allows(bytes))
            {
                return false;
            }

            _used += bytes;
            return true;
        }
    }

    /// <summary>Whether a limit is enforced.</summary>
    public bool IsLimited
    {
        get
        {
            lock (_sync)
            {
                return _enforced && (_given ?? _default).Limit is not null;
            }
        }
    }

    /// <summary>Whether <paramref name="bytes"/> could be taken now.</summary>
    public bool CanTake(long bytes)
    {
        lock (_sync)
        {
            return Allows(bytes);
        }
    }

    /// <summary>Adds bytes that exist already, or subtracts them.</summary>
    public void Add(long bytes)
    {
        lock (_sync)
        {
            _used += bytes;
        }
    }

    /// <summary>Sets what is used, as a new count has found it.</summary>
    public void Recount(long bytes)
    {
        lock (_sync)
        {
            _used = bytes;
        }
    }

    /// <summary>Applies the settings of the whole store.</summary>
    public void Apply(in QuotaSettings settings)
    {
        lock (_sync)
        {
            _default = settings.Default;
            _enforced = settings.IsEnforced;
        }
    }

    /// <summary>Sets limits for this owner alone, or removes them.</summary>
    public void Set(QuotaLimits? limits, FileTime now, in QuotaSettings settings)
    {
        lock (_sync)
        {
            _given = limits;
            _changed = now;
        }

        Apply(settings);
    }

    /// <summary>Its current state.</summary>
    public QuotaEntry Describe()
    {
        lock (_sync)
        {
            return new QuotaEntry(owner, Used, _given ?? _default, _changed);
        }
    }

    private bool Allows(long bytes) => !_enforced || bytes <= 0 || (_given ?? _default).Limit is not { } limit || bytes <= limit - Used;
}
