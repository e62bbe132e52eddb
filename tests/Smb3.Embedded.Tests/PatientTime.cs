using Microsoft.Extensions.Time.Testing;

namespace Smb3.Embedded.Tests;

/// <summary>
/// A clock that goes on only while the process gets to work: on a busy machine it is late, rather than that leases run out which the test wants
/// to be kept. Two seconds of it pass in one of the wall's at most, unless the test asks for more.
/// </summary>
internal sealed class PatientTime : FakeTimeProvider, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly TimeSpan _step;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    /// <param name="step">How far it goes in ten milliseconds.</param>
    public PatientTime(TimeSpan? step = null)
        : base(DateTimeOffset.UtcNow)
    {
        _step = step ?? TimeSpan.FromMilliseconds(20);
        _running = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    /// <summary>Each step is work in the queue of the thread pool, and so waits for the work that was there before.</summary>
    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            await Task.Delay(Pause, CancellationToken.None);
            Advance(_step);
        }
    }
}
