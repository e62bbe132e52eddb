using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// What READ and WRITE cost over SMB Direct beside TCP (<see cref="RdmaUnderLoad"/>): processor time of the whole process for a GiB, and
/// what is allocated for a request, by the client too.
/// </summary>
internal static class RdmaLoad
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        Console.WriteLine("| 1 MiB | | CPU s/GiB | MiB/s | bytes allocated for a request |\n|---|---|---|---|---|");
        foreach (var command in new[] { Smb2Command.Read, Smb2Command.Write })
        {
            foreach (var protection in command == Smb2Command.Read ? Enum.GetValues<MessageProtection>() : [MessageProtection.None])
            {
                foreach (var overRdma in new[] { false, true })
                {
                    await MeasureAsync(command, protection, overRdma);
                }
            }
        }
    }

    private static async Task MeasureAsync(Smb2Command command, MessageProtection protection, bool overRdma)
    {
        await using var load = await RdmaUnderLoad.StartAsync(command, protection, overRdma);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Time / 2;)
        {
            await SendAsync(load);
        }

        using var process = Process.GetCurrentProcess();
        var (count, allocated, used) = (0L, GC.GetTotalAllocatedBytes(precise: true), process.TotalProcessorTime);
        var measured = Stopwatch.StartNew();
        for (; measured.Elapsed < Time; count++)
        {
            await SendAsync(load);
        }

        process.Refresh();
        var gib = count * (double)RdmaUnderLoad.Size / (1 << 30);
        var what = protection switch
        {
            MessageProtection.Sealed => "sealed (AES-128-GCM)",
            MessageProtection.Signed => "signed (AES-128-GMAC)",
            _ => "plain",
        };
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {command} {what} | {(overRdma ? "SMB Direct" : "TCP")} | {(process.TotalProcessorTime - used).TotalSeconds / gib:0.000} | {count / measured.Elapsed.TotalSeconds:0} | {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)count:0} |"));
    }

    private static async ValueTask SendAsync(RdmaUnderLoad load)
    {
        if (await load.Request.SendAsync() != NtStatus.Success)
        {
            throw new InvalidOperationException("The request does not succeed.");
        }
    }
}
