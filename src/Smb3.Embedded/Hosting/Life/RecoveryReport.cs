using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Tells the log how a recovery goes, and remembers how it went.</summary>
internal sealed class RecoveryReport(ILogger logger, ServerMetrics metrics, TimeProvider time) : IRecoveryReport
{
    private readonly Lock _sync = new();
    private SmbRecovery? _last;

    /// <summary>All recoveries of this run together; <see langword="null"/> if there was nothing to recover.</summary>
    public SmbRecovery? Last
    {
        get
        {
            lock (_sync)
            {
                return _last;
            }
        }
    }

    /// <inheritdoc/>
    public void Progress(string volume, int done, int count) => ServerLog.RecoveryProgress(logger, volume, done, count);

    /// <inheritdoc/>
    public void Dropped(OpenRecord record, NtStatus why) =>
        ServerLog.OpenNotRestored(logger, record.Path.Text, record.Durable.Share, why.ToString());

    /// <inheritdoc/>
    public void Recovered(string volume, int restored, int dropped, TimeSpan took)
    {
        ServerLog.Recovered(logger, volume, restored, dropped, took);
        metrics.OpensRecovered(restored, dropped);
        lock (_sync)
        {
            _last = new SmbRecovery
            {
                At = time.GetUtcNow(),
                Restored = restored + (_last?.Restored ?? 0),
                Dropped = dropped + (_last?.Dropped ?? 0),
                Duration = took + (_last?.Duration ?? TimeSpan.Zero),
            };
        }
    }
}
