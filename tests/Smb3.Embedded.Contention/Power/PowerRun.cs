using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Power;

/// <summary>
/// Loss of power. The share and the state file lie on an ext4 file system, on a disk that logs each write and each flush with its data:
/// an nbdkit plugin (write_log.py), which nbdfuse shows as a file and a loop device as a disk. So everything between an answer and the
/// platters takes part as it is: the store, SQLite, the file system and its journal; and it needs no module of the kernel, as
/// dm-log-writes would. Clients work for a while. Then, for many places in the log, the disk is put together as a loss of power there
/// leaves it: all that was written before the last flush, and an arbitrary part of what was written since. It is mounted, a server starts
/// on it, and every client must find what it had been told.
/// </summary>
internal sealed class PowerRun(PowerSettings settings, RunReport report)
{
    private readonly ServerPlace _place = settings.Place;

    public async Task RunAsync()
    {
        PowerClient[] clients;
        WriteLog log;
        long started;
        var disk = await LoggedDisk.MakeAsync(settings.Home);
        await using (disk)
        {
            var mounted = await MountedDisk.MountAsync(disk.File, _place.Home);
            await using (mounted)
            {
                Directory.CreateDirectory(_place.Folder);
                await Command.RunAsync("sync", "-f", _place.Folder);
                using var server = await StartAsync();
                started = disk.Position;
                clients = [.. Enumerable.Range(1, settings.Run.Clients).Select(number => new PowerClient(number, settings.Run, () => disk.Position, report))];
                await Task.WhenAll(clients.Select(client => Task.Run(client.RunAsync)));

                // Before anything is closed: the last cut is here.
                log = new WriteLog(disk.Log);
                await server.KillAsync();
                foreach (var client in clients)
                {
                    await client.DisposeAsync();
                }
            }
        }

        Console.WriteLine($"{report.Elapsed.TotalSeconds:f0} s: {report.Line()}");
        var random = new Random(settings.Run.Seed);
        var flushes = log.Flushes(started);
        var ends = log.Ends(started);
        report.Count("flushes", flushes.Length);
        report.Count("writes", ends.Length - flushes.Length);
        var answers = clients.SelectMany(static client => client.Steps).ToLookup(static step => step.Kind, static step => step.Position).ToArray();

        // What is answered before it is safe is lost at that moment only: a little later somebody else's flush takes it along.
        long Answer()
        {
            var some = answers[random.Next(answers.Length)].ToList();
            return some[random.Next(some.Count)];
        }

        for (var cut = 1; cut <= settings.Cuts && report.WrongCount <= 20; cut++)
        {
            var position = cut == 1 ? ends[^1] : random.Next(6) switch
            {
                0 => flushes[random.Next(flushes.Length)],
                1 or 2 => ends[random.Next(ends.Length)],
                _ => Answer(),
            };
            if (settings.Only is null || settings.Only == cut)
            {
                await CutAsync(cut, position, disk.Base, log, clients);
            }
        }
    }

    private async Task CutAsync(int cut, long position, string whole, WriteLog log, PowerClient[] clients)
    {
        var image = Path.Combine(settings.Home, "cut");
        await Command.RunAsync("cp", "--sparse=always", whole, image);
        int lost;
        await using (var file = new FileStream(image, FileMode.Open, FileAccess.Write))
        {
            lost = log.Apply(file, position, new Random((settings.Run.Seed * 100_000) + cut));
        }

        report.Count("cuts");
        report.Count("pages lost", lost);
        var wrong = report.WrongCount;
        var name = $"cut {cut} at {position}, {lost} pages lost";
        await using (await MountedDisk.MountAsync(image, _place.Home))
        {
            var checks = Array.ConvertAll(clients, client => new FolderCheck(client, settings.Run, _place.Folder, position, name, report));
            Array.ForEach(checks, static check => check.CheckDisk());
            using var server = await StartAsync();
            try
            {
                await Task.WhenAll(checks.Select(static check => check.CheckServerAsync()));
            }
            catch (Exception e) when (e is TestClient.SmbTestException or IOException or TimeoutException)
            {
                report.Wrong(name, e.ToString());
            }

            if (await server.StopAsync() != 0)
            {
                report.Wrong(name, "the server does not end well");
            }

            foreach (var error in server.Errors)
            {
                report.Wrong(name, "logged: " + error);
            }

            report.Count("records dropped", server.Log.Count(static line => line.Contains("cannot be opened again", StringComparison.Ordinal)));
            var left = await _place.ReadStateAsync();
            if (left.Count > 0 && report.WrongCount == wrong)
            {
                report.Wrong(name, $"{left.Count} records are left when everything is closed");
            }

            if (report.WrongCount > wrong)
            {
                File.AppendAllLines(Path.Combine(settings.Home, "server.log"), [$"==== {name}", .. server.Log]);
                Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            }
        }
    }

    private async Task<ServerProcess> StartAsync()
    {
        var server = ServerProcess.Start(_place.Program, _place.Arguments, _place.Home);
        if (await server.Listening.WaitAsync(TimeSpan.FromSeconds(60)))
        {
            return server;
        }

        throw new InvalidOperationException("The server does not start: " + string.Join(Environment.NewLine, server.Log.TakeLast(20)));
    }
}
