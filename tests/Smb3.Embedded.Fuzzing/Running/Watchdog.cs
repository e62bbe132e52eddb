namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Ends the process when a round does: a server that spins answers nobody, not even the one who asks.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Timer _timer;
    private readonly TimeSpan _patience;
    private string _what = string.Empty;
    private long _begun = Environment.TickCount64;

    public Watchdog(TimeSpan patience)
    {
        _patience = patience;
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
    }

    public void Begin(string what)
    {
        Volatile.Write(ref _what, what);
        Volatile.Write(ref _begun, Environment.TickCount64);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Environment.TickCount64 - Volatile.Read(ref _begun) > _patience.TotalMilliseconds)
        {
            Console.WriteLine($"FAILED: {Volatile.Read(ref _what)} does not end: --round begins with it.");
            Environment.Exit(1);
        }
    }
}
