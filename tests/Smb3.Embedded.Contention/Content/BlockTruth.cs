namespace Smb3.Embedded.Contention.Content;

/// <summary>
/// What one block may hold now. Versions only grow; between the begin of a write and its answer either may be there, and after a write
/// whose answer never came too, until somebody has looked.
/// </summary>
internal sealed class BlockTruth
{
    private readonly Lock _sync = new();
    private long _lowest;
    private long _highest;
    private long _empty;
    private long _last;

    /// <summary>The oldest version that may be there: taken before a read.</summary>
    public long Lowest
    {
        get
        {
            lock (_sync)
            {
                return _lowest;
            }
        }
    }

    /// <summary>A write begins.</summary>
    /// <returns>Its version.</returns>
    public long Begin()
    {
        lock (_sync)
        {
            return _highest = ++_last;
        }
    }

    /// <summary>A write was answered: nothing older is there.</summary>
    public void Complete(long version)
    {
        lock (_sync)
        {
            _lowest = Math.Max(_lowest, version);
        }
    }

    /// <summary>A write was refused, by the only one who could write: it is as if it had not begun.</summary>
    public void Refuse(long version)
    {
        lock (_sync)
        {
            if (_highest == version)
            {
                _highest = _lowest;
            }
        }
    }

    /// <summary>A cache with newer versions is thrown away: what the server had may be there.</summary>
    public void Discard(long version)
    {
        lock (_sync)
        {
            _lowest = Math.Min(_lowest, version);
        }
    }

    /// <summary>The file was emptied while nobody else had it open.</summary>
    public void Empty()
    {
        lock (_sync)
        {
            _lowest = _empty = _highest = ++_last;
        }
    }

    /// <summary>Something read that is not excluded; null when it may be, else what is wrong.</summary>
    /// <param name="version">What <see cref="BlockContent.VersionOf"/> says.</param>
    /// <param name="lowest">The oldest that was possible when the read began.</param>
    /// <param name="alone">Whether nobody else could write meanwhile, so that from now on it is known what is there.</param>
    public string? Check(long version, long lowest, bool alone)
    {
        lock (_sync)
        {
            if (version == 0)
            {
                version = _empty;
            }

            if (version >= lowest && version <= _highest)
            {
                if (alone)
                {
                    _lowest = _highest = version;
                }

                return null;
            }

            return version < 0
                ? _highest > _lowest && !alone ? null : "bytes that nobody wrote together"
                : $"version {version}, where {lowest} to {_highest} were possible";
        }
    }
}
