using System.Diagnostics;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>Lists one large folder from beginning to end, 64 KiB a time.</summary>
internal sealed class ListingWork(WorkSpec spec) : Workload(spec)
{
    public override string Unit => "kentries";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        var entries = Spec.Count > 0 ? Spec.Count : 10_000;
        await using var connection = await LoadConnection.OpenAsync(target, Spec.Guard);
        var folder = await TestFolder.ListingAsync(connection.Tree, entries);
        var open = await connection.Tree.OpenAsync(
            folder, CreateDisposition.Open, FileAccessMask.FileGenericRead, options: CreateOptions.DirectoryFile);
        var next = connection.Template(connection.Tree.Request(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(open.FileId)));
        var restart = connection.Template(connection.Tree.Request(
            Smb2Command.QueryDirectory, RequestBody.QueryDirectory(open.FileId, flags: QueryDirectoryFlags.RestartScans)));
        await connection.DetachAsync(16);

        var latencies = new Latencies();
        var limit = Limit.Time(length.Time);
        var window = Window.Open(new ProcessTree(target.ProcessId));
        var listings = 0;
        for (; limit.Allows(listings); listings++)
        {
            for (var request = restart; ; request = next)
            {
                var started = Stopwatch.GetTimestamp();
                var status = LoadConnection.StatusOf(connection.Call(request));
                latencies.Add(Stopwatch.GetElapsedTime(started));
                if (status == NtStatus.NoMoreFiles)
                {
                    break;
                }

                if (status != NtStatus.Success)
                {
                    throw new SmbTestException($"A listing is answered with {status}.");
                }
            }
        }

        return Sample.Of(window.Close(), (double)listings * entries / 1000, latencies);
    }
}
