namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// Whose turn it is to change shares: what concerns several of them, or the server, is done alone; what concerns one that nobody else works on, beside
/// others of its kind, so many at a time. All come in the order in which they asked. Blocks no thread; never disposed: it holds no handle.
/// </summary>
/// <param name="width">How many single shares are changed at the same time.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The semaphores never make wait handles.")]
internal sealed class ShareTurns(int width = ShareTurns.DefaultWidth)
{
    /// <summary>Enough to keep a database busy that answers in a millisecond, and few enough for its connections.</summary>
    public const int DefaultWidth = 16;

    private readonly SemaphoreSlim _door = new(1, 1);
    private readonly SemaphoreSlim _places = new(width, width);

    /// <summary>Waits until nobody else changes anything. Followed by <see cref="Release"/>.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken = default)
    {
        await _door.WaitAsync(cancellationToken).ConfigureAwait(false);
        var places = 0;
        try
        {
            for (; places < width; places++)
            {
                await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            Leave(places);
            throw;
        }
    }

    /// <summary>Ends what <see cref="WaitAsync"/> has begun.</summary>
    public void Release() => Leave(width);

    /// <summary>Waits until a single share may be changed. Followed by <see cref="ReleaseOne"/>.</summary>
    public async Task WaitForOneAsync(CancellationToken cancellationToken)
    {
        await _door.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _door.Release();
        }
    }

    /// <summary>Ends what <see cref="WaitForOneAsync"/> has begun.</summary>
    public void ReleaseOne() => _places.Release();

    private void Leave(int places)
    {
        if (places > 0)
        {
            _places.Release(places);
        }

        _door.Release();
    }
}
