using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>A set of inodes: a bit for each, because file systems number them closely.</summary>
/// <param name="stride">The set has only inodes whose numbers are alike in their remainder by this.</param>
internal sealed class InodeSet(ulong stride)
{
    private const int Words = 8;
    private const int Bits = Words * 64;

    private readonly Dictionary<InodeKey, ulong[]> _pages = [];

    /// <summary>Adds an inode; false when it was there.</summary>
    public bool Add(InodeKey inode)
    {
        var place = inode.Number / stride;
        var key = new InodeKey(inode.Device, place / Bits);
        if (!_pages.TryGetValue(key, out var page))
        {
            _pages.Add(key, page = new ulong[Words]);
        }

        ref var word = ref page[place % Bits / 64];
        var bit = 1UL << (int)(place % 64);
        var isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }
}
