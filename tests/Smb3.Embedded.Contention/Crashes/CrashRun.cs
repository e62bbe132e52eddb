using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Clients with persistent handles on a server whose process is killed again and again. Nothing that was acknowledged may be lost or done
/// twice, and at the end nothing may be left: no open, no record.
/// </summary>
internal sealed class CrashRun(CrashSettings settings, RunReport report)
{
    private const int SharedFiles = 2;
    private const int FoldersOfAClient = 2;

    public async Task RunAsync()
    {
        using var lives = new ServerLives(settings, report);
        void EndServer(object? sender, EventArgs e) => lives.Dispose();
        AppDomain.CurrentDomain.ProcessExit += EndServer;
        await lives.StartAsync();
        SharedFile[] shared = [.. Enumerable.Range(0, SharedFiles).Select(number => new SharedFile(settings.Run, number, report))];
        CrashClient[] clients =
            [.. Enumerable.Range(1, settings.Run.Clients).Select(number => new CrashClient(number, settings, lives, report))];
        FolderWorker[] folders =
            [.. clients.SelectMany(client => Enumerable.Range(0, FoldersOfAClient).Select(number => new FolderWorker(client, number)))];
        SharedWorker[] workers = [.. clients.Select(client => new SharedWorker(client, shared))];
        await MakeFoldersAsync(folders);

        using var ended = new CancellationTokenSource();
        var progress = report.ShowProgressAsync(ended.Token);
        var killing = Task.Run(lives.RunAsync);
        var cutting = clients.Select(client => Task.Run(() => client.CutAsync(new Random((settings.Run.Seed * 1000) + client.Number))));
        await AllAsync([.. cutting, .. folders.Select(folder => Task.Run(folder.RunAsync)), .. workers.Select(worker => Task.Run(worker.RunAsync))]);
        await killing;
        await AllAsync([.. folders.Select(folder => folder.EndAsync()), .. workers.Select(worker => worker.EndAsync())]);
        await AllAsync([.. clients.Select(client => client.LogOffAsync())]);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await ended.CancelAsync();
        await progress;
        if (report.IsFine)
        {
            await new Leftovers(settings, lives, report).FindAsync();
            CheckDisk(folders, shared);
        }

        AppDomain.CurrentDomain.ProcessExit -= EndServer;
    }

    private async Task MakeFoldersAsync(FolderWorker[] folders)
    {
        await using var connection = new SmbTestConnection(await settings.Run.Connect());
        var tree = await (await connection.LogOnAsync(settings.Run.User, settings.Run.Password)).ConnectAsync(settings.Run.Share);
        foreach (var folder in folders.Select(static folder => folder.Folder).Prepend(settings.Run.Folder))
        {
            await (await tree.OpenAsync(folder, options: Nt.CreateOptions.DirectoryFile)).CloseAsync();
        }
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

    private void CheckDisk(FolderWorker[] folders, SharedFile[] shared)
    {
        foreach (var folder in folders)
        {
            folder.CheckDisk();
        }

        foreach (var file in shared)
        {
            var bytes = File.ReadAllBytes(Path.Combine(settings.Place.Folder, file.Name.Replace('\\', Path.DirectorySeparatorChar)));
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
}
