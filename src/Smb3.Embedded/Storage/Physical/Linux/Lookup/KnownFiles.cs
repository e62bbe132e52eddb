namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>
/// Paths at which a regular file was found a while ago, which may be opened for data at once: an unknown path must be inspected first,
/// because it may name a FIFO or a device. This is only a hint, in a fixed number of slots; whatever was opened is inspected all the same.
/// </summary>
internal sealed class KnownFiles
{
    private const int Places = 8192;

    private readonly int[] _hashes = new int[Places];

    /// <summary>Whether there was a file at the path.</summary>
    public bool Has(StorePath path)
    {
        var hash = path.Text.GetHashCode();
        return hash != 0 && Volatile.Read(ref PlaceOf(hash)) == hash;
    }

    /// <summary>Notes that there is a file.</summary>
    public void Add(StorePath path)
    {
        var hash = path.Text.GetHashCode();
        Volatile.Write(ref PlaceOf(hash), hash);
    }

    /// <summary>Notes that there is none.</summary>
    public void Remove(StorePath path) => Volatile.Write(ref PlaceOf(path.Text.GetHashCode()), 0);

    private ref int PlaceOf(int hash) => ref _hashes[(uint)hash % Places];
}
