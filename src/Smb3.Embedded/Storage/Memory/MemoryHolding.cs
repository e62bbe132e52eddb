namespace Smb3.Embedded.Storage.Memory;

/// <summary>How much of a store's capacity one file or directory takes, for itself and for everything it keeps except data.</summary>
internal struct MemoryHolding(MemorySpace space)
{
    private long _taken;

    /// <summary>Takes this many bytes, or gives them back if negative; false: there is no room.</summary>
    public bool TryTake(long bytes)
    {
        if (bytes > 0 && !space.TryTake(bytes))
        {
            return false;
        }

        _taken += bytes;
        if (bytes < 0)
        {
            space.Return(-bytes);
        }

        return true;
    }

    /// <summary>Takes bytes that are already in use, even from a full store, or gives them back if negative.</summary>
    public void Take(long bytes)
    {
        _taken += bytes;
        space.Take(bytes);
    }

    /// <summary>Gives everything back.</summary>
    public void ReturnAll() => Take(-_taken);
}
