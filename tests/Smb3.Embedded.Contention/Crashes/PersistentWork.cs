using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// What clients with persistent handles do while something is done to the servers: each in folders of its own, and all on the same few files. The
/// last third of them does so in the folders at which the share may be split.
/// </summary>
internal sealed class PersistentWork(CrashSettings settings, IServers servers, RunReport report, params IReadOnlyList<Seam> seams)
{
    private const int SharedFiles = 2;
    private const int FoldersOfAClient = 2;
    private const int FilesOfABusy = 3;

    private readonly List<Seam> _calm = [.. seams.Where(static seam => !seam.IsBusy)];
    private readonly ILookup<string, SharedFile> _shared = seams.Where(static seam => !seam.IsBusy).Select(static seam => seam.Folder).Prepend(settings.Run.Folder)
        .SelectMany(folder => Enumerable.Range(0, SharedFiles).Select(number => (Folder: folder, File: new SharedFile(folder, number, report))))
        .ToLookup(static pair => pair.Folder, static pair => pair.File);

    private FolderWorker[] _folders = [];

    /// <summary>Works as long as <paramref name="disturb"/> goes on, and then closes everything and logs off.</summary>
    public async Task RunAsync(Func<Task> disturb)
    {
        CrashClient[] clients =
            [.. Enumerable.Range(1, settings.Run.Clients).Select(number => new CrashClient(number, settings, servers, report, SeamOf(number)))];
        _folders = [.. clients.SelectMany(client => Enumerable.Range(0, FoldersOfAClient).Select(number => new FolderWorker(client, number)))];
        SharedWorker[] workers = [.. clients.Select(client => new SharedWorker(client, [.. _shared[client.Folder]]))];
        SeamProbe[] probes = [.. clients.Where(client => seams.Count > 0 && client.Seam is null).Select(client => new SeamProbe(client, seams))];
        CrashClient[] busyClients =
            [.. seams.Where(static seam => seam.IsBusy).Select((seam, i) => new CrashClient(settings.Run.Clients + 1 + i, settings, servers, report, seam))];
        BusyWorker[] busy = [.. busyClients.SelectMany(static client => Enumerable.Range(0, FilesOfABusy).Select(number => new BusyWorker(client, number)))];
        await MakeFoldersAsync();

        using var ended = new CancellationTokenSource();
        var progress = report.ShowProgressAsync(ended.Token);
        var disturbing = Task.Run(disturb);
        var cutting = clients.Select(client => Task.Run(() => client.CutAsync(new Random((settings.Run.Seed * 1000) + client.Number))));
        await AllAsync(
        [
            .. cutting,
            .. _folders.Select(folder => WorkAsync(folder.Seam, folder.RunAsync)),
            .. workers.Select(worker => WorkAsync(worker.Seam, worker.RunAsync)),
            .. busy.Select(worker => WorkAsync(worker.Seam, worker.RunAsync)),
            .. probes.Select(probe => Task.Run(probe.RunAsync)),
        ]);
        await disturbing;
        await AllAsync(
            [.. _folders.Select(folder => folder.EndAsync()), .. workers.Select(worker => worker.EndAsync()), .. busy.Select(worker => worker.EndAsync())]);
        await AllAsync([.. clients.Concat(busyClients).Select(client => client.LogOffAsync())]);
        foreach (var client in clients.Concat(busyClients))
        {
            await client.DisposeAsync();
        }

        await ended.CancelAsync();
        await progress;
    }

    /// <summary>Compares what is on the disk with what must be there.</summary>
    public void CheckDisk()
    {
        foreach (var folder in _folders)
        {
            folder.CheckDisk();
        }

        foreach (var file in _shared.SelectMany(static files => files))
        {
            var bytes = File.ReadAllBytes(Path.Combine(settings.Folder, file.Name.Replace('\\', Path.DirectorySeparatorChar)));
            for (var block = 0; block < BlockContent.PerFile + file.Appended.Count; block++)
            {
                var at = block * BlockContent.Size;
                var data = at >= bytes.Length ? [] : bytes.AsSpan(at, Math.Min(BlockContent.Size, bytes.Length - at));
                var version = BlockContent.VersionOf(data, file.Number, block);
                var wrong = block < BlockContent.PerFile
                    ? file.Blocks[block].Check(version, file.Blocks[block].Lowest, alone: true)
                    : version == file.Appended[block - BlockContent.PerFile] ? null : $"of client {version}, not of {file.Appended[block - BlockContent.PerFile]}";
                if (wrong is not null)
                {
                    file.History.Wrong("the disk", $"block {block}: {wrong}");
                }
            }
        }
    }

    private async Task MakeFoldersAsync()
    {
        await using var client = new CrashClient(0, settings, servers, report);
        var tree = (await client.StandAsync()).Tree;
        IEnumerable<string> above = [settings.Run.Folder, .. seams.SelectMany(static seam => new[] { seam.Folder, $"{seam.Folder}\\{SeamProbe.Always}" })];
        foreach (var folder in above.Concat(_folders.Select(static folder => folder.Folder)))
        {
            await (await tree.OpenAsync(folder, options: Nt.CreateOptions.DirectoryFile)).CloseAsync();
        }
    }

    private Seam? SeamOf(int client) => client > settings.Run.Clients - (settings.Run.Clients / 3) && _calm.Count > 0 ? _calm[client % _calm.Count] : null;

    private static Task WorkAsync(Seam? seam, Func<Task> work)
    {
        seam?.Enter();
        return Task.Run(async () =>
        {
            try
            {
                await work();
            }
            finally
            {
                seam?.Leave();
            }
        });
    }

    /// <summary>Waits for everybody; who fails has found something wrong.</summary>
    private async Task AllAsync(List<Task> tasks)
    {
        foreach (var task in tasks)
        {
            try
            {
                await task;
            }
            catch (Exception e)
            {
                if (report.IsFine)
                {
                    report.Wrong("a client", e.ToString());
                }
            }
        }
    }
}
