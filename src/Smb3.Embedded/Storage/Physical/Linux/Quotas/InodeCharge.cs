using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// What one file or directory costs its owner, while somebody is changing it. All who do so share it; it is guarded by <see cref="Gate"/>.
/// </summary>
internal sealed class InodeCharge
{
    private readonly ChargeTable _table;
    private QuotaAccount? _account;
    private long _total;

    /// <param name="table">The table that it is in.</param>
    /// <param name="gate">Guards it.</param>
    /// <param name="key">The inode.</param>
    /// <param name="account">The owner; null when it is charged to nobody.</param>
    /// <param name="data">The length of its data.</param>
    /// <param name="streams">The length of its named streams together.</param>
    public InodeCharge(ChargeTable table, Lock gate, InodeKey key, QuotaAccount? account, long data, long streams)
    {
        _table = table;
        _account = account;
        _total = data + streams;
        Gate = gate;
        Key = key;
        Data = new ChargedLength(this, data);
    }

    /// <summary>The inode.</summary>
    public InodeKey Key { get; }

    /// <summary>The lock of the inode.</summary>
    public Lock Gate { get; }

    /// <summary>Its data.</summary>
    public ChargedLength Data { get; }

    /// <summary>The owner.</summary>
    public QuotaAccount? Account => _account;

    /// <summary>How many use it.</summary>
    public int Users { get; set; }

    /// <summary>Whether it has lost its last name: the owner is charged until nobody has it open any more.</summary>
    public bool IsGone { get; set; }

    /// <summary>All that is charged.</summary>
    public long Total => _total;

    /// <summary>Whether the owner may have so much more.</summary>
    public bool CanTake(long bytes) => _account?.CanTake(bytes) ?? true;

    /// <summary>Charges the owner, if that is allowed.</summary>
    public bool TryTake(long bytes)
    {
        if (_account?.TryTake(bytes) == false)
        {
            return false;
        }

        _total += bytes;
        _table.Recounted(_account, bytes);
        return true;
    }

    /// <summary>Charges the owner for what is there in any case, or gives back.</summary>
    public void Add(long bytes)
    {
        _total += bytes;
        _account?.Add(bytes);
        _table.Recounted(_account, bytes);
    }

    /// <summary>It has another owner now, who is charged even beyond its limit.</summary>
    public void MoveTo(QuotaAccount? account)
    {
        lock (Gate)
        {
            if (account == _account)
            {
                return;
            }

            var all = _total;
            Add(-all);
            _account = account;
            Add(all);
        }
    }

    /// <summary>It has lost its last name.</summary>
    public void NoteGone()
    {
        lock (Gate)
        {
            IsGone = true;
        }
    }

    /// <summary>One user fewer.</summary>
    public void Leave() => _table.Leave(this);
}
