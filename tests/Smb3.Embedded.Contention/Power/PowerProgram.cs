using System.Net;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Power;

/// <summary>The program's word `power`.</summary>
/// <param name="program">The server's program; null: the one that was built beside this.</param>
/// <param name="keeps">Whether disks and logs are kept even if nothing was wrong.</param>
/// <param name="connect">Connects to the server.</param>
/// <param name="report">What has been done.</param>
internal sealed class PowerProgram(string? program, bool keeps, Func<IPEndPoint, Task<IByteStream>> connect, RunReport report)
{
    /// <summary>Runs it in a folder of its own.</summary>
    public async Task RunAsync(int seed, TimeSpan time, int clients, int cuts, int? only)
    {
        var home = Directory.CreateTempSubdirectory("smb3-power-").FullName;
        var place = ServerPlace.In(program, Path.Combine(home, "mount"));
        var run = new RunSettings
        {
            Seed = seed,
            Time = time,
            Clients = clients,
            BreakTimeout = TimeSpan.FromSeconds(35),
            Connect = () => connect(place.EndPoint),
        };
        await new PowerRun(new PowerSettings(run, cuts, home, place) { Only = only }, report).RunAsync();
        if (report.IsFine && !keeps)
        {
            Directory.Delete(home, recursive: true);
        }
        else
        {
            Console.WriteLine("everything is in " + home);
        }
    }
}
