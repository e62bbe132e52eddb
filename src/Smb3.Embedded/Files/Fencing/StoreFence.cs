using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Fencing;

/// <summary>
/// Stands between a volume and its store from the moment the files belong to another server: another node of a cluster now serves them.
/// Nothing may be read, written, closed or deleted any more; what is open is abandoned. Calls made before may still be running in the
/// store, but their results are ignored. The fence never comes down.
/// </summary>
/// <param name="lease">Puts it up too when it runs out; <see langword="null"/>: the files belong to this server alone.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and makes no wait handle.")]
internal sealed class StoreFence(OwnerLease? lease = null) : IGuard
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Whether it is up: a volatile read, and with a lease a look at the clock.</summary>
    public bool IsUp => _source.IsCancellationRequested || lease is { HasRunOut: true };

    /// <summary>Ends waits for anything other than the store, once <see cref="Raise"/> was called.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Puts it up. Once this returns, no new call is made to the store.</summary>
    public void Raise() => _source.Cancel();

    /// <summary>Completes when <paramref name="task"/> does, or with false when the fence goes up.</summary>
    public async ValueTask<bool> WaitForAsync(Task task)
    {
        await task.WaitAsync(Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !IsUp;
    }

    /// <summary>Returns a handle to the store, unless it is on the other side of the fence.</summary>
    public ValueTask ReleaseAsync(IAsyncDisposable handle) => IsUp ? default : handle.DisposeAsync();
}
