namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// Checks whether the folder of a share is still where it was. If not, it has the share repaired in the background, one repair at a time: a
/// repair waits for the opens on the old folder to end, and for a start or stop of the server that is under way.
/// </summary>
/// <param name="isWrong">Whether there is anything to do; quick.</param>
/// <param name="mend">Repairs it.</param>
/// <param name="fault">Told when a repair fails.</param>
internal sealed class PlaceKeeper(Func<bool> isWrong, Func<Task> mend, Action<Exception> fault)
{
    // How long a client that connects meanwhile waits for the repair before it is told that the share is not there.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _sync = new();
    private Task? _mending;

    /// <summary>Completes when everything is in order, or soon after.</summary>
    public ValueTask CheckAsync()
    {
        if (!isWrong())
        {
            return default;
        }

        Task mending;
        lock (_sync)
        {
            mending = _mending ??= Task.Run(MendAsync);
        }

        return new ValueTask(WaitAsync(mending));
    }

    private static async Task WaitAsync(Task mending) =>
        await Task.WhenAny(mending, Task.Delay(Patience)).ConfigureAwait(false);

    private async Task MendAsync()
    {
        try
        {
            await mend().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            fault(e);
        }
        finally
        {
            lock (_sync)
            {
                _mending = null;
            }
        }
    }
}
