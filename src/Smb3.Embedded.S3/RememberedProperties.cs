namespace Smb3.Embedded.S3;

/// <summary>
/// What the metadata of objects said, so that not every listing asks for it again: as long as an object has the same version and the same time. The
/// oldest are forgotten.
/// </summary>
internal sealed class RememberedProperties(int most)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, Known Known)> _order = new();

    private int _forgotten;

    /// <summary>Changes with each <see cref="Forget"/>: what was asked for before is not believed.</summary>
    public int Age => Volatile.Read(ref _forgotten);

    public bool TryGet(string key, string? version, DateTimeOffset written, out string? properties)
    {
        lock (_sync)
        {
            var isKnown = _known.TryGetValue(key, out var known) && known.Version == version && known.Written == written;
            properties = isKnown ? known!.Properties : null;
            return isKnown;
        }
    }

    public void Add(int age, string key, string? version, DateTimeOffset written, string? properties)
    {
        if (most == 0)
        {
            return;
        }

        var known = new Known(version, written, properties);
        lock (_sync)
        {
            if (age != _forgotten)
            {
                return;
            }

            _known[key] = known;
            _order.Enqueue((key, known));
            while (_order.Count > most)
            {
                // What has been replaced since stands once more behind.
                var (oldest, then) = _order.Dequeue();
                if (_known.TryGetValue(oldest, out var now) && ReferenceEquals(now, then))
                {
                    _known.Remove(oldest);
                }
            }
        }
    }

    public void Forget(string key)
    {
        lock (_sync)
        {
            _forgotten++;
            _known.Remove(key);
        }
    }

    private sealed record Known(string? Version, DateTimeOffset Written, string? Properties);
}
