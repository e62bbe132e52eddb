namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// Looks whether the folder of a share is where it was, and has it put in order in the background when it is not, once at a time: that
/// waits for the opens on the old folder to end, and for its turn when the server is just starting or stopping.
/// </summary>
/// <param name="isWrong">Whether there is anything to do; quick.</param>
/// <param name="mend">Does it.</param>
/// <param name="fault">Told of what goes wrong with it.</param>
internal sealed class PlaceKeeper(Func<bool> isWrong, Func<Task> mend, Action<Exception> fault)
{
    // A client that connects just then may wait so long for it; then it is told that the share is not there.
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
