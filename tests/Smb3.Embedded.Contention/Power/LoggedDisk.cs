using System.Diagnostics;

namespace Smb3.Embedded.Contention.Power;

/// <summary>A disk whose writes and flushes are logged with their data (see write_log.py).</summary>
internal sealed class LoggedDisk : IAsyncDisposable
{
    private const long Size = 96 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _home;
    private readonly Process _server;
    private readonly Process _fuse;

    private LoggedDisk(string home, Process server, Process fuse) => (_home, _server, _fuse) = (home, server, fuse);

    /// <summary>The file that is the disk.</summary>
    public string File => Path.Combine(_home, "disk");

    /// <summary>How the disk was before the first write of the log: an empty file system.</summary>
    public string Base => Path.Combine(_home, "base");

    public string Log => Path.Combine(_home, "log");

    /// <summary>How far the log is: what has happened, if it was written to the disk, is before this.</summary>
    public long Position => new FileInfo(Log).Length;

    public static async Task<LoggedDisk> MakeAsync(string home)
    {
        var image = Path.Combine(home, "image");
        await using (var file = System.IO.File.Create(image))
        {
            file.SetLength(Size);
        }

        await Command.RunAsync("mkfs.ext4", "-q", "-F", "-b", "4096", image);
        await Command.RunAsync("cp", "--sparse=always", image, Path.Combine(home, "base"));
        var plugin = Path.Combine(AppContext.BaseDirectory, "Power", "write_log.py");
        var socket = Path.Combine(home, "socket");
        await System.IO.File.WriteAllTextAsync(Path.Combine(home, "disk"), string.Empty);
        var server = Command.Start("nbdkit", "-f", "-U", socket, "python", plugin, "image=" + image, "log=" + Path.Combine(home, "log"));
        await UntilAsync(() => System.IO.File.Exists(socket), server);
        var fuse = Command.Start("nbdfuse", Path.Combine(home, "disk"), "--unix", socket);
        await UntilAsync(() => new FileInfo(Path.Combine(home, "disk")).Length == Size, fuse);
        return new LoggedDisk(home, server, fuse);
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("fusermount3", "-u", File);
        await _fuse.WaitForExitAsync();
        if (!_server.HasExited)
        {
            _server.Kill();
            await _server.WaitForExitAsync();
        }

        _fuse.Dispose();
        _server.Dispose();
    }

    private static async Task UntilAsync(Func<bool> isSo, Process process)
    {
        for (var watch = Stopwatch.StartNew(); !isSo(); await Task.Delay(20))
        {
            if (process.HasExited || watch.Elapsed > Patience)
            {
                throw new InvalidOperationException(
                    $"{process.StartInfo.FileName} does not start: {(process.HasExited ? await process.StandardError.ReadToEndAsync() : "it hangs")}");
            }
        }
    }
}
