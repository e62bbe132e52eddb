using System.Buffers.Binary;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Accounting;

/// <summary>How much each owner of files in a store occupies, and may occupy.</summary>
internal sealed class QuotaAccounts(TimeProvider time)
{
    private readonly ConcurrentDictionary<Sid, QuotaAccount> _accounts = new();
    private readonly Lock _sync = new();
    private QuotaSettings _settings = new() { IsTracked = true };

    /// <summary>The settings of the whole store.</summary>
    public QuotaSettings Settings
    {
        get
        {
            lock (_sync)
            {
                return _settings;
            }
        }
        set
        {
            lock (_sync)
            {
                _settings = value;
            }

            foreach (var account in _accounts.Values)
            {
                account.Apply(value);
            }
        }
    }

    /// <summary>The account of the owner that a self-relative security descriptor names; null when it names none.</summary>
    public QuotaAccount? Of(ReadOnlySpan<byte> descriptor)
    {
        const int OwnerOffset = 4; // MS-DTYP 2.4.6
        if (descriptor.Length < OwnerOffset + sizeof(uint))
        {
            return null;
        }

        var at = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[OwnerOffset..]);
        return at != 0 && at < descriptor.Length && Sid.TryRead(descriptor[(int)at..], out var owner) ? Of(owner) : null;
    }

    /// <summary>All owners that occupy something or were given limits.</summary>
    public IReadOnlyList<QuotaEntry> List()
    {
        var entries = new List<QuotaEntry>();
        foreach (var account in _accounts.Values)
        {
            if (account.IsWorthListing)
            {
                entries.Add(account.Describe());
            }
        }

        return entries;
    }

    /// <summary>The entry of one owner.</summary>
    public QuotaEntry Get(Sid owner) => _accounts.TryGetValue(owner, out var account)
        ? account.Describe()
        : new QuotaEntry(owner, 0, Settings.Default, FileTime.None);

    /// <summary>Sets everything except what is used: owners who are not named have no limits of their own.</summary>
    public void Load(QuotaSettings settings, IReadOnlyDictionary<Sid, (QuotaLimits Limits, FileTime Changed)> limits)
    {
        lock (_sync)
        {
            _settings = settings;
            foreach (var (owner, account) in _accounts)
            {
                if (!limits.ContainsKey(owner))
                {
                    account.Set(null, FileTime.None, settings);
                }
            }

            foreach (var (owner, given) in limits)
            {
                Of(owner).Set(given.Limits, given.Changed, settings);
            }
        }
    }

    /// <summary>Sets what every owner uses, as a new count has found it.</summary>
    public void Recount(IReadOnlyDictionary<QuotaAccount, long> used)
    {
        foreach (var account in _accounts.Values)
        {
            account.Recount(used.GetValueOrDefault(account));
        }
    }

    /// <summary>Gives an owner limits, or removes them.</summary>
    public void Set(Sid owner, QuotaLimits? limits)
    {
        lock (_sync)
        {
            Of(owner).Set(limits, FileTime.From(time.GetUtcNow()), _settings);
        }
    }

    private QuotaAccount Of(Sid owner)
    {
        if (_accounts.TryGetValue(owner, out var account))
        {
            return account;
        }

        lock (_sync)
        {
            var made = new QuotaAccount(owner);
            made.Apply(_settings);
            return _accounts.GetOrAdd(owner, made);
        }
    }
}
