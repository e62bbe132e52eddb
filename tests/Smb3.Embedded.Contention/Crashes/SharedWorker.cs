using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Works on files that all clients share: locks a block, finds it as whoever had the lock before has left it, writes it, and gives the lock
/// back; appends under a lock; and reads from its cache while its lease says that it may.
/// </summary>
internal sealed class SharedWorker(CrashClient client, IReadOnlyList<SharedFile> files)
{
    private readonly Random _random = new((client.Settings.Run.Seed * 1000) + (client.Number * 10) + 9);
    private readonly PersistentOpen?[] _opens = new PersistentOpen?[files.Count];

    public Seam? Seam => client.Seam;

    public async Task RunAsync()
    {
        while (!client.Servers.IsOver)
        {
            await (client.Seam?.PassAsync(EndAsync) ?? Task.CompletedTask);
            await StepAsync(_random.Next(files.Count));
            await Task.Delay(_random.Next(10));
        }
    }

    public async Task EndAsync()
    {
        for (var i = 0; i < files.Count; i++)
        {
            if (_opens[i] is { } open)
            {
                await CheckAsync(files[i], open);
                await open.CloseAsync();
                _opens[i] = null;
            }
        }
    }

    private async Task StepAsync(int number)
    {
        var file = files[number];
        if (_opens[number] is not { } open)
        {
            _opens[number] = await OpenAsync(file);
            return;
        }

        // The last file is seldom written, so that its leases live and its caches fill.
        var step = number < files.Count - 1 || _random.Next(20) == 0 ? _random.Next(20) : _random.Next(9, 20);
        switch (step)
        {
            case < 6:
                await WriteAsync(file, open);
                break;
            case < 9:
                await AppendAsync(file, open);
                break;
            case < 17:
                await ReadAsync(file, open, _random.Next(BlockContent.PerFile));
                break;
            case < 18:
                await CheckAsync(file, open);
                break;
            default:
                _opens[number] = null;
                await open.CloseAsync();
                break;
        }
    }

    private async Task<PersistentOpen?> OpenAsync(SharedFile file)
    {
        const Smb2LeaseState R = Smb2LeaseState.Read, W = Smb2LeaseState.Write, H = Smb2LeaseState.Handle;
        Smb2LeaseState[] leases = [Smb2LeaseState.None, R, R | H, R | H, R | W | H];
        var wish = new OpenWish(file.Name, CreateDisposition.OpenIf, leases[_random.Next(leases.Length)], CreateOptions.NonDirectoryFile);
        var (open, status) = await PersistentOpen.CreateAsync(client, file.History, wish);
        if (status == NtStatus.Success)
        {
            return open;
        }

        file.History.Wrong(client.Who, $"{wish} was answered with {status}");
        return null;
    }

    private async Task WriteAsync(SharedFile file, PersistentOpen open)
    {
        var block = _random.Next(BlockContent.PerFile);
        if (!await LockAsync(file, open, block))
        {
            return;
        }

        for (var times = _random.Next(1, 4); times > 0; times--)
        {
            await ReadThroughAsync(file, open, block, alone: true);
            var version = file.Blocks[block].Begin();
            open.Lease?.Drop(block);
            var status = await open.WriteAsync(
                (ulong)(block * BlockContent.Size), BlockContent.Make(file.Number, block, version), $"write block {block} version {version}");
            open.Lease?.Drop(block);
            if (status != NtStatus.Success)
            {
                file.History.Wrong(client.Who, $"a write was answered with {status}");
                return;
            }

            file.Blocks[block].Complete(version);
            client.Report.Count("shared writes");
        }

        await UnlockAsync(file, open, block);
    }

    /// <summary>Each appended block says who has appended it and as which one.</summary>
    private async Task AppendAsync(SharedFile file, PersistentOpen open)
    {
        if (file.Appended.Count >= 2000 || !await LockAsync(file, open, SharedFile.End))
        {
            return;
        }

        var index = file.Appended.Count;
        var (length, _) = await open.QueryAsync();
        var at = (long)(BlockContent.PerFile + index) * BlockContent.Size;
        if (index > 0 && length != at)
        {
            file.History.Wrong(client.Who, $"the file has {length} bytes, and should have {at}");
        }

        var block = BlockContent.PerFile + index;
        var status = await open.WriteAsync((ulong)at, BlockContent.Make(file.Number, block, client.Number), $"append block {block}");
        if (status != NtStatus.Success)
        {
            file.History.Wrong(client.Who, $"an append was answered with {status}");
            return;
        }

        file.Appended.Add(client.Number);
        client.Report.Count("shared appends");
        await UnlockAsync(file, open, SharedFile.End);
    }

    private async Task<bool> LockAsync(SharedFile file, PersistentOpen open, int place)
    {
        var wait = _random.Next(3) == 0;
        var status = await open.LockAsync(
            place + 1, SharedFile.LockOf(place), 1, wait ? LockFlags.Exclusive : LockFlags.Exclusive | LockFlags.FailImmediately);
        if (status == NtStatus.LockNotGranted && !wait)
        {
            client.Report.Count("locks refused");
            return false;
        }

        if (status != NtStatus.Success)
        {
            file.History.Wrong(client.Who, $"the lock of {place} was answered with {status}");
            return false;
        }

        client.Report.Count("shared locks");
        if (file.Take(place, client.Number) is var other and not 0)
        {
            file.History.Wrong(client.Who, $"the lock of {place} is held by client {other} too");
        }

        return true;
    }

    private async Task UnlockAsync(SharedFile file, PersistentOpen open, int place)
    {
        file.Leave(place);
        var status = await open.LockAsync(place + 1, SharedFile.LockOf(place), 1, LockFlags.Unlock);
        if (status != NtStatus.Success)
        {
            file.History.Wrong(client.Who, $"the unlock of {place} was answered with {status}");
        }
    }

    /// <summary>Reads a block from the cache where the lease allows that, else from the server.</summary>
    private async Task ReadAsync(SharedFile file, PersistentOpen open, int block)
    {
        if (open.Lease is not { } lease || lease.Find(block) is not { } cached)
        {
            await ReadThroughAsync(file, open, block, alone: false);
            return;
        }

        // What was complete before the fence was sent has sent its breaks before the fence came back.
        var lowest = file.Blocks[block].Lowest;
        if (!await client.FenceAsync() || lease.Find(block) is not { } still || still != cached)
        {
            return;
        }

        client.Report.Count("cached reads");
        if (file.Blocks[block].Check(cached.Version, lowest, alone: false) is { } wrong)
        {
            file.History.Wrong(client.Who, $"a stale cache: {wrong} in block {block}, under {lease.State} in epoch {lease.Epoch}");
        }
    }

    private async Task ReadThroughAsync(SharedFile file, PersistentOpen open, int block, bool alone)
    {
        var lowest = file.Blocks[block].Lowest;
        var generation = open.Lease?.Generation ?? 0;
        var data = await open.ReadAsync((ulong)(block * BlockContent.Size), BlockContent.Size) ?? [];
        var version = BlockContent.VersionOf(data, file.Number, block);
        client.Report.Count("shared reads");
        if (file.Blocks[block].Check(version, lowest, alone) is { } wrong)
        {
            file.History.Wrong(client.Who, $"{wrong} in block {block} ({data.Length} bytes)");
        }

        if (version >= 0)
        {
            open.Lease?.Keep(block, version, generation);
        }
    }

    /// <summary>Looks whether every block that was appended is there, once and in its place.</summary>
    private async Task CheckAsync(SharedFile file, PersistentOpen open)
    {
        // Only what was there before the read is looked at: others go on.
        var count = file.Appended.Count;
        if (count == 0)
        {
            return;
        }

        var index = _random.Next(count);
        var block = BlockContent.PerFile + index;
        var data = await open.ReadAsync((ulong)(block * BlockContent.Size), BlockContent.Size) ?? [];
        if (BlockContent.VersionOf(data, file.Number, block) != file.Appended[index])
        {
            file.History.Wrong(
                client.Who,
                $"block {block} is of client {BlockContent.VersionOf(data, file.Number, block)}, and was appended by client {file.Appended[index]}");
        }
    }
}
