namespace Smb3.Embedded.Serving;

/// <summary>
/// Gives memory back to the system when the program has become quiet after work: a program that does nothing allocates nothing, so no
/// collection comes by itself. Only who owns the whole process may do this, which a library does not.
/// </summary>
internal sealed class IdleCollection : IDisposable
{
    /// <summary>Looks that must have found it quiet: longer than the server keeps buffers that nobody needs.</summary>
    private const int QuietLooks = 6;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(100); // of the processor, in one period
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(500); // that may have left something

    private readonly Timer _timer;
    private TimeSpan _used;
    private TimeSpan _usedAtCollection;
    private int _quietLooks;

    public IdleCollection() => _timer = new Timer(static state => ((IdleCollection)state!).Look(), this, Period, Period);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var used = Environment.CpuUsage.TotalTime;
        var isQuiet = used - _used < QuietTime;
        _used = used;
        _quietLooks = isQuiet ? _quietLooks + 1 : 0;
        if (_quietLooks >= QuietLooks && used - _usedAtCollection > Work)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _usedAtCollection = _used = Environment.CpuUsage.TotalTime;
            _quietLooks = 0;
        }
    }
}
