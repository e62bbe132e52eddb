namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// What the change of a name waits for: handles that other clients keep open after their users closed them. They are collected while the
/// change has its turn on the name, and waited for after the turn is over.
/// </summary>
/// <param name="onWait">Called once before the first wait; its token ends the waits.</param>
internal sealed class HandleWait(Func<CancellationToken>? onWait)
{
    private readonly List<Task> _changed = [];
    private CancellationToken? _token;

    /// <summary>Whether there is something to wait for; the change then ends without having done anything.</summary>
    public bool IsNeeded => _changed.Count > 0;

    /// <summary>Whether there has been a wait.</summary>
    public bool HasWaited { get; private set; }

    /// <summary>Breaks the handles cached on <paramref name="file"/>, and says whether they stand in the way.</summary>
    /// <param name="file">The file whose name is removed or changes; <see langword="null"/> if it has no opens.</param>
    /// <param name="by">The open that does it: its own lease is spared.</param>
    public bool Finds(ICachedFile? file, ICachingOpen? by)
    {
        if (file?.Caching.BreakHandles(by) is not { } changed)
        {
            return false;
        }

        _changed.Add(changed);
        return true;
    }

    /// <summary>Waits until it is worth trying again, because any of the files found has changed.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var changed = _changed.Count == 1 ? _changed[0] : Task.WhenAny(_changed);
        _changed.Clear();
        HasWaited = true;
        _token ??= onWait?.Invoke() ?? cancellationToken;
        await changed.WaitAsync(_token.Value).ConfigureAwait(false);
    }
}
