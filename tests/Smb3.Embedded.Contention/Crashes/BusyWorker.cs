using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Works on a file in a folder at which the share is split while it works: its handle is closed then, and it opens the file anew, wherever
/// that is. What was acknowledged is there, and nobody's lock is in the way.
/// </summary>
internal sealed class BusyWorker(CrashClient client, int number)
{
    private const ulong LockAt = 1UL << 40;
    private const int Block = 0;

    private readonly Random _random = new((client.Settings.Run.Seed * 1000) + (client.Number * 10) + number);
    private readonly ulong _file = (ulong)number + 100;
    private PersistentOpen? _open;
    private long _acknowledged;
    private long _sent;

    public Seam Seam => client.Seam!;

    private string Name => $"{client.Folder}\\busy-{number}";

    private History History => field ??= new History(Name, client.Report);

    public async Task RunAsync()
    {
        while (!client.Servers.IsOver)
        {
            await Seam.PassAsync(EndAsync);
            await WithHandleAsync(StepAsync);
            await Task.Delay(_random.Next(10));
        }
    }

    public Task EndAsync() => WithHandleAsync(async () =>
    {
        if (_open is { } open)
        {
            await CheckAsync(open);
            await open.CloseAsync();
            _open = null;
        }
    });

    private async Task WithHandleAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (HandleClosedException)
        {
            client.Report.Count("handles closed by a split");
            if (_open is { } open)
            {
                client.Forget(open);
                _open = null;
            }
        }
    }

    private async Task StepAsync()
    {
        if (_open is not { } open)
        {
            await OpenAsync();
            return;
        }

        switch (_random.Next(20))
        {
            case 0:
                await EndAsync();
                break;
            case < 4:
                await CheckAsync(open);
                break;
            default:
                var status = await open.WriteAsync(0, BlockContent.Make(_file, Block, ++_sent), $"write version {_sent}");
                if (status != NtStatus.Success)
                {
                    History.Wrong(client.Who, $"a write was answered with {status}");
                    return;
                }

                _acknowledged = _sent;
                client.Report.Count("writes of the busy");
                break;
        }
    }

    private async Task OpenAsync()
    {
        const Smb2LeaseState R = Smb2LeaseState.Read, W = Smb2LeaseState.Write, H = Smb2LeaseState.Handle;
        Smb2LeaseState[] leases = [Smb2LeaseState.None, R | H, R | W | H];
        var wish = new OpenWish(Name, CreateDisposition.OpenIf, leases[_random.Next(leases.Length)], CreateOptions.NonDirectoryFile) { MayBeClosed = true };
        var (open, status) = await PersistentOpen.CreateAsync(client, History, wish);
        if (status != NtStatus.Success)
        {
            History.Wrong(client.Who, $"{wish} was answered with {status}");
            return;
        }

        _open = open;
        await CheckAsync(open);
        status = await open.LockAsync(1, LockAt, 1, LockFlags.Exclusive | LockFlags.FailImmediately);
        if (status != NtStatus.Success)
        {
            History.Wrong(client.Who, $"the lock, which nobody has, was answered with {status}");
        }
    }

    private async Task CheckAsync(PersistentOpen open)
    {
        var data = await open.ReadAsync(0, BlockContent.Size) ?? [];
        var version = BlockContent.VersionOf(data, _file, Block);
        if (version < _acknowledged || version > _sent)
        {
            History.Wrong(client.Who, $"the file is version {version}; {_acknowledged} was acknowledged, and {_sent} sent");
        }

        // What has not been done by now is not done any more: its handle is gone, or this one has answered.
        _acknowledged = version;
    }
}
