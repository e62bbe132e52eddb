using System.Buffers.Binary;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>How much each owner of files in a memory store occupies, and may occupy.</summary>
internal sealed class MemoryQuotas(TimeProvider time)
{
    private readonly ConcurrentDictionary<Sid, MemoryAccount> _accounts = new();
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
    public MemoryAccount? Of(ReadOnlySpan<byte> descriptor)
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

    /// <summary>Gives an owner limits, or removes them.</summary>
    public void Set(Sid owner, QuotaLimits? limits)
    {
        lock (_sync)
        {
            Of(owner).Set(limits, FileTime.From(time.GetUtcNow()), _settings);
        }
    }

    private MemoryAccount Of(Sid owner)
    {
        if (_accounts.TryGetValue(owner, out var account))
        {
            return account;
        }

        lock (_sync)
        {
            var made = new MemoryAccount(owner);
            made.Apply(_settings);
            return _accounts.GetOrAdd(owner, made);
        }
    }
}
