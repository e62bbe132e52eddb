using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Clients with persistent handles on a server whose process is killed again and again. Nothing that was acknowledged may be lost or done
/// twice, and at the end nothing may be left: no open, no record.
/// </summary>
internal sealed class CrashRun(CrashSettings settings, ServerPlace place, RunReport report)
{
    public async Task RunAsync()
    {
        using var lives = new ServerLives(settings, place, report);
        void EndServer(object? sender, EventArgs e) => lives.Dispose();
        AppDomain.CurrentDomain.ProcessExit += EndServer;
        await lives.StartAsync();
        var work = new PersistentWork(settings, lives, report);
        await work.RunAsync(lives.RunAsync);
        if (report.IsFine)
        {
            await new Leftovers(place, lives, report).FindAsync();
            work.CheckDisk();
        }

        AppDomain.CurrentDomain.ProcessExit -= EndServer;
    }
}
