namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// Paths at which a regular file was found a while ago, which may be opened for data at once: what is unknown must be looked at first,
/// because it may be a FIFO or a device. A hint only, in a fixed number of places; what was opened is looked at all the same.
/// </summary>
internal sealed class KnownFiles
{
    private const int Places = 8192;

    private readonly int[] _hashes = new int[Places];

    /// <summary>Whether there was a file.</summary>
    public bool Has(StorePath path)
    {
        var hash = path.Text.GetHashCode();
        return hash != 0 && Volatile.Read(ref PlaceOf(hash)) == hash;
    }

    /// <summary>There is a file.</summary>
    public void Add(StorePath path)
    {
        var hash = path.Text.GetHashCode();
        Volatile.Write(ref PlaceOf(hash), hash);
    }

    /// <summary>There is none.</summary>
    public void Remove(StorePath path) => Volatile.Write(ref PlaceOf(path.Text.GetHashCode()), 0);

    private ref int PlaceOf(int hash) => ref _hashes[(uint)hash % Places];
}
