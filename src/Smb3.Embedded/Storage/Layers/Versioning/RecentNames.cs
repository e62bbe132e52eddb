namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>
/// Names that files have lost to others just now. Programs save by moving the old file away and the new one to its name: the history is that of the name
/// then, as NTFS gives such a file the creation time of the one that had the name before.
/// </summary>
internal sealed class RecentNames(TimeProvider time, StringComparison comparison)
{
    private const int Most = 256;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(15);

    private readonly Lock _sync = new();
    private readonly Dictionary<string, (StorePath NewPath, long Since)> _names = new(StringComparer.FromComparison(comparison));

    /// <summary>A file has moved.</summary>
    public void Add(StorePath path, StorePath newPath)
    {
        lock (_sync)
        {
            if (_names.Count >= Most)
            {
                foreach (var (name, known) in _names)
                {
                    if (time.GetElapsedTime(known.Since) > Lifetime)
                    {
                        _names.Remove(name);
                    }
                }
            }

            if (_names.Count < Most)
            {
                _names[path.Text] = (newPath, time.GetTimestamp());
            }
        }
    }

    /// <summary>A name is taken again: where the file is that had it before.</summary>
    public StorePath? Take(StorePath path)
    {
        lock (_sync)
        {
            return _names.Remove(path.Text, out var known) && time.GetElapsedTime(known.Since) <= Lifetime ? known.NewPath : null;
        }
    }
}
