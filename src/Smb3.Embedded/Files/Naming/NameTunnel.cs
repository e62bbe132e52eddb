using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Long names that were removed a moment ago, by their short ones: a program that knows only short names saves by deleting a file and
/// making it anew, and the file should get its long name back (what NTFS calls tunneling).
/// </summary>
internal sealed class NameTunnel(ShortNameTables tables, TimeProvider time)
{
    // Both values are those of NTFS.
    private const int Capacity = 256;
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(15);

    private readonly Lock _sync = new();
    private readonly Dictionary<string, Entry> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<(string Key, long Since)> _order = new();

    /// <summary>The name <paramref name="path"/> has been removed.</summary>
    public void Remember(StorePath path)
    {
        // Who has not asked for a short name does not know it.
        if (tables.Recall(path.Parent, path.Name.ToString()) is not { } shortName)
        {
            return;
        }

        var key = path.Parent.Append(shortName).Text;
        var now = time.GetTimestamp();
        lock (_sync)
        {
            Forget();
            while (_order.Count >= Capacity)
            {
                DropOldest();
            }

            _names[key] = new Entry(path.Name.ToString(), now);
            _order.Enqueue((key, now));
        }
    }

    /// <summary>The long name that <paramref name="shortPath"/> stood for.</summary>
    public string? Find(StorePath shortPath)
    {
        lock (_sync)
        {
            Forget();
            return _names.TryGetValue(shortPath.Text, out var entry) ? entry.Name : null;
        }
    }

    private void Forget()
    {
        while (_order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Since) > Keep)
        {
            DropOldest();
        }
    }

    private void DropOldest()
    {
        var (key, since) = _order.Dequeue();
        if (_names.TryGetValue(key, out var entry) && entry.Since == since)
        {
            _names.Remove(key);
        }
    }

    private readonly record struct Entry(string Name, long Since);
}
