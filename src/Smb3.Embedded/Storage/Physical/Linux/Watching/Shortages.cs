using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>Tells the administrator what the machine lacks: once an hour for each shortage, however often it occurs.</summary>
internal sealed class Shortages(ILogger? logger)
{
    private static readonly TimeSpan Silence = TimeSpan.FromHours(1);

    private readonly Lock _sync = new();
    private readonly Dictionary<string, long> _told = [];

    /// <summary>Reports that a resource could not be had.</summary>
    /// <param name="shortage">A sentence that says what to do; one of a small set.</param>
    public void Report(string shortage)
    {
        if (logger is null)
        {
            return;
        }

        var now = Environment.TickCount64;
        lock (_sync)
        {
            if (_told.TryGetValue(shortage, out var at) && now - at < (long)Silence.TotalMilliseconds)
            {
                return;
            }

            _told[shortage] = now;
        }

        ServerLog.MachineLacks(logger, shortage);
    }
}
