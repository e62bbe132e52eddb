namespace Smb3.Embedded.Storage.Memory;

/// <summary>What one file or directory has of a store's capacity for itself and for all that it keeps but the bytes of data.</summary>
internal struct MemoryHolding(MemorySpace space)
{
    private long _taken;

    /// <summary>Takes so much, or gives it back when it is negative; false: there is no room.</summary>
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

    /// <summary>Takes what is there already, even from a full store, or gives it back when it is negative.</summary>
    public void Take(long bytes)
    {
        _taken += bytes;
        space.Take(bytes);
    }

    /// <summary>Gives everything back.</summary>
    public void ReturnAll() => Take(-_taken);
}
