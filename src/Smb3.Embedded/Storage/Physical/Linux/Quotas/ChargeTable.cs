using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// The files that are being changed, and what they cost their owners; and the sums of a count of the whole folder that is under way.
/// </summary>
/// <remarks>
/// A count reads each file once, while clients go on. So that no change is missed and none is counted twice, whoever begins to change a file
/// that the count has not reached counts it first; from then on each change goes to both sums. The count passes over what is counted.
/// </remarks>
/// <param name="accounts">The owners.</param>
/// <param name="attributes">What the attributes of files say; the owner stands in the security descriptor.</param>
internal sealed class ChargeTable(QuotaAccounts accounts, AttributeMemory attributes)
{
    private const int ShardCount = 64;

    private readonly Shard[] _shards = MakeShards();
    private volatile Sums? _counting; // changed while all shards are locked
    private volatile bool _isCounting;
    private volatile bool _isDisturbed;
    private int _moves;

    /// <summary>Begins to change a file; null when it cannot be inspected.</summary>
    public InodeCharge? Enter(FileDescriptor file, IStreamLengths streams, out Errno error)
    {
        error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return null;
        }

        var key = InodeKey.Of(stat);
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            if (!shard.Charges.TryGetValue(key, out var charge))
            {
                // Whoever changed it until now has finished: its length is what is charged.
                error = InodeCalls.Stat(file, out stat);
                if (error == 0)
                {
                    // What is mounted below the root may have no attributes, and so no owners.
                    error = attributes.GetDescriptor(file, stat, out var descriptor);
                    error = error == Errno.NotSupported ? 0 : error;
                    charge = error == 0 ? Begin(shard, key, file, stat, accounts.Of(descriptor), streams) : null;
                }

                if (charge is null)
                {
                    return null;
                }
            }

            charge.Users++;
            return charge;
        }
    }

    /// <summary>The account of the owner that a security descriptor names.</summary>
    public QuotaAccount? AccountOf(ReadOnlySpan<byte> descriptor) => accounts.Of(descriptor);

    /// <summary>One user of a file fewer; what has lost its name goes with the last.</summary>
    public void Leave(InodeCharge charge)
    {
        lock (charge.Gate)
        {
            if (--charge.Users > 0)
            {
                return;
            }

            ShardOf(charge.Key).Charges.Remove(charge.Key);
            if (charge.IsGone)
            {
                charge.Add(-charge.Total);
            }
        }
    }

    /// <summary>A change of a file that is in the table, which a count that is under way has counted.</summary>
    public void Recounted(QuotaAccount? account, long bytes) => _counting?.Add(account, bytes);

    /// <summary>
    /// A name is about to be moved: a count that is under way may have been where it goes, and come too late to where it was. A file is
    /// counted before; after a directory the count looks again.
    /// </summary>
    /// <returns>To be disposed when it has been moved.</returns>
    public MoveNote BeginMove(FileDescriptor directory, byte[] nameWithZero, in StatxBuffer stat, IStreamLengths streams)
    {
        if (_isCounting && !stat.IsDirectory)
        {
            using var file = InodeCalls.OpenPlace(directory, nameWithZero);
            (file is null ? null : Enter(file, streams, out _))?.Leave();
            return default;
        }

        Interlocked.Increment(ref _moves);
        return new MoveNote(this);
    }

    /// <summary>Whether something was moved since it was last asked, or is being moved, so that a count has to look again.</summary>
    public bool TakeDisturbance()
    {
        var isDisturbed = Volatile.Read(ref _moves) > 0 || _isDisturbed;
        _isDisturbed = false;
        return isDisturbed;
    }

    /// <summary>Begins a count.</summary>
    /// <param name="isFirst">Whether the accounts are empty, and are to show what has been counted so far.</param>
    public void BeginCount(bool isFirst)
    {
        var sums = isFirst ? null : new Sums();
        LockAll(0, () =>
        {
            foreach (var shard in _shards)
            {
                shard.Seen = new InodeSet(ShardCount);
                foreach (var charge in shard.Charges.Values)
                {
                    shard.Seen.Add(charge.Key);
                    sums?.Add(charge.Account, charge.Total);
                }
            }

            _counting = sums;
            _isDisturbed = false;
            _isCounting = true;
        });
    }

    /// <summary>A file that a count has come to.</summary>
    public void Count(InodeKey key, QuotaAccount account, long bytes)
    {
        var shard = ShardOf(key);
        lock (shard.Gate)
        {
            if (shard.Seen?.Add(key) == true)
            {
                Count(account, bytes);
            }
        }
    }

    /// <summary>Ends a count.</summary>
    /// <param name="isWhole">Whether it came to the end, so that its sums hold from now on.</param>
    public void EndCount(bool isWhole) => LockAll(0, () =>
    {
        if (isWhole && _counting is { } sums)
        {
            accounts.Recount(sums.Used);
        }

        _counting = null;
        _isCounting = false;
        foreach (var shard in _shards)
        {
            shard.Seen = null;
        }
    });

    private static Shard[] MakeShards()
    {
        var shards = new Shard[ShardCount];
        for (var i = 0; i < shards.Length; i++)
        {
            shards[i] = new Shard();
        }

        return shards;
    }

    private Shard ShardOf(InodeKey key) => _shards[key.Number % ShardCount];

    private InodeCharge Begin(
        Shard shard, InodeKey key, FileDescriptor file, in StatxBuffer stat, QuotaAccount? account, IStreamLengths streams)
    {
        var charge = new InodeCharge(this, shard.Gate, key, account, stat.IsRegular ? stat.Size : 0, streams.TotalOf(file, stat));
        var isUncounted = shard.Seen?.Add(key) == true;
        if (stat.Links == 0)
        {
            // It was given back with its last name, or with the last who changed it after that.
            charge.IsGone = true;
            account?.Add(charge.Total);
            Recounted(account, charge.Total);
        }
        else if (isUncounted)
        {
            Count(account, charge.Total);
        }

        shard.Charges.Add(key, charge);
        return charge;
    }

    private void Count(QuotaAccount? account, long bytes)
    {
        if (_counting is { } sums)
        {
            sums.Add(account, bytes);
        }
        else
        {
            account?.Add(bytes);
        }
    }

    private void LockAll(int from, Action action)
    {
        if (from == _shards.Length)
        {
            action();
            return;
        }

        lock (_shards[from].Gate)
        {
            LockAll(from + 1, action);
        }
    }

    /// <summary>A name that is being moved.</summary>
    public readonly struct MoveNote(ChargeTable? table) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            if (table is not null)
            {
                table._isDisturbed = true;
                Interlocked.Decrement(ref table._moves);
            }
        }
    }

    /// <summary>A part of the inodes, with a lock of its own.</summary>
    private sealed class Shard
    {
        public readonly Lock Gate = new();

        public readonly Dictionary<InodeKey, InodeCharge> Charges = [];

        /// <summary>What has been counted; null when no count is under way.</summary>
        public InodeSet? Seen;
    }

    /// <summary>What a count has found so far.</summary>
    private sealed class Sums
    {
        private readonly Lock _sync = new();

        public Dictionary<QuotaAccount, long> Used { get; } = [];

        public void Add(QuotaAccount? account, long bytes)
        {
            if (account is null)
            {
                return;
            }

            lock (_sync)
            {
                Used[account] = Used.GetValueOrDefault(account) + bytes;
            }
        }
    }
}
