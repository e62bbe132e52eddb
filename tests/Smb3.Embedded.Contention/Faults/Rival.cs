using System.Diagnostics;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>Somebody with a sound connection who reads what the others write, and so breaks their leases, and meets their locks.</summary>
internal sealed class Rival(RunSettings settings, RunReport report)
{
    private const string Who = "rival";

    private readonly Random _random = new(settings.Seed);

    public async Task RunAsync()
    {
        try
        {
            await using var connection = await settings.OpenAsync();
            var session = await connection.LogOnAsync(settings.User, settings.Password);
            var tree = await session.ConnectAsync(settings.Share);
            while (report.Elapsed < settings.Time && report.WrongCount < 20)
            {
                await VisitAsync(tree, _random.Next(1, settings.Clients + 1));
                await Task.Delay(_random.Next(5, 60));
            }

            await session.LogOffAsync();
        }
        catch (Exception e)
        {
            report.Wrong(Who, e.ToString());
        }
    }

    private async Task VisitAsync(SmbTestTree tree, int owner)
    {
        var watch = Stopwatch.StartNew();
        var response = await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(settings.Name(owner), FileAccessMask.FileGenericRead, CreateDisposition.Open));
        if (watch.Elapsed > TimeSpan.FromSeconds(1))
        {
            report.Count("visits that waited a second for a break");
        }

        if (response.Status == NtStatus.ObjectNameNotFound)
        {
            return;
        }

        if (response.Expect(NtStatus.Success).Status != NtStatus.Success || watch.Elapsed > settings.BreakTimeout + TimeSpan.FromSeconds(8))
        {
            report.Wrong(Who, $"an open took {watch.Elapsed.TotalSeconds:f1} s");
        }

        report.Count("visits");
        var file = new SmbTestFile(tree, CreateAnswer.Parse(response.Message));
        var block = _random.Next(BlockContent.PerFile);
        var read = await tree.Session.CallAsync(file.ReadRequest((ulong)(block * BlockContent.Size), BlockContent.Size));
        if (read.Status == NtStatus.Success && BlockContent.VersionOf(ReadAnswer.Parse(read.Message).Data, (ulong)owner, block) < 0)
        {
            report.Count("blocks met in the middle of a write");
        }

        await file.CloseAsync();
    }
}
