using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// Works in a folder that nobody else writes to, so that everything in it is known at any moment: which names there are, which file each of
/// them is, and which version every block of it has.
/// </summary>
internal sealed class FolderWorker
{
    private const int Names = 6;
    private const int MostOpen = 3;
    private const int MostBlocks = 24;

    private readonly CrashClient _client;
    private readonly History _history;
    private readonly Random _random;
    private readonly string _folder;
    private readonly Dictionary<string, OwnFile> _files = [];
    private ulong _made;
    private long _version;

    public FolderWorker(CrashClient client, int number)
    {
        _client = client;
        _folder = $"{client.Folder}\\own-{client.Number}-{number}";
        _history = new History(_folder, client.Report);
        _random = new Random((client.Settings.Run.Seed * 1000) + (client.Number * 10) + number);
        _made = (ulong)((client.Number * 100) + number) << 32;
    }

    public string Folder => _folder;

    public Seam? Seam => _client.Seam;

    public async Task RunAsync()
    {
        while (!_client.Servers.IsOver)
        {
            await (_client.Seam?.PassAsync(EndAsync) ?? Task.CompletedTask);
            await StepAsync();
            await Task.Delay(_random.Next(10));
        }
    }

    /// <summary>Looks at everything once more, and closes it.</summary>
    public async Task EndAsync()
    {
        foreach (var (name, file) in _files.ToList())
        {
            if (file.Open is not null)
            {
                await CheckAsync(file);
                await CloseAsync(name, file);
            }
        }
    }

    /// <summary>Compares the folder, as it is on the disk, with what must be there.</summary>
    public void CheckDisk()
    {
        var folder = Path.Combine(_client.Settings.Folder, _folder.Replace('\\', Path.DirectorySeparatorChar));
        var found = Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        var expected = _files.Keys.Select(static name => name[(name.LastIndexOf('\\') + 1)..]).Order(StringComparer.Ordinal).ToList();
        if (!found.SequenceEqual(expected))
        {
            _history.Wrong(_client.Who, $"the folder has {string.Join(' ', found)}, and should have {string.Join(' ', expected)}");
            return;
        }

        foreach (var (name, file) in _files)
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, name[(name.LastIndexOf('\\') + 1)..]));
            if (bytes.Length != Length(file))
            {
                _history.Wrong(_client.Who, $"{name} has {bytes.Length} bytes on the disk, and should have {Length(file)}");
                continue;
            }

            for (var block = 0; block < file.Blocks.Count; block++)
            {
                Compare(file, name, block, bytes.AsSpan(block * BlockContent.Size, BlockContent.Size));
            }
        }
    }

    private Task StepAsync()
    {
        var step = _random.Next(100);
        if (step < 14 || !_files.Values.Any(static file => file.Open is not null))
        {
            return OpenAsync();
        }

        var open = _files.Where(static pair => pair.Value.Open is not null).ToList();
        var (name, file) = open[_random.Next(open.Count)];
        return step switch
        {
            < 40 => WriteAsync(file),
            < 52 => AppendAsync(file),
            < 55 => TruncateAsync(file),
            < 68 => CheckAsync(file),
            < 78 => LockAsync(file),
            < 86 => RenameAsync(name, file),
            < 90 => MarkAsync(file),
            _ => CloseAsync(name, file),
        };
    }

    // ---- names -------------------------------------------------------------------------------------------------------

    private async Task OpenAsync()
    {
        if (_files.Values.Count(static file => file.Open is not null) >= MostOpen)
        {
            return;
        }

        var name = $"{_folder}\\n{_random.Next(Names)}";
        var known = _files.GetValueOrDefault(name);
        if (known?.Open is not null)
        {
            return;
        }

        var disposition = _random.Next(6) switch
        {
            0 or 5 => known is null ? CreateDisposition.Create : CreateDisposition.Open,
            1 => CreateDisposition.OverwriteIf,
            2 when known is not null => CreateDisposition.Overwrite,
            3 => CreateDisposition.Supersede,
            _ => CreateDisposition.OpenIf,
        };
        const Smb2LeaseState R = Smb2LeaseState.Read, W = Smb2LeaseState.Write, H = Smb2LeaseState.Handle;
        Smb2LeaseState[] leases = [Smb2LeaseState.None, R, R | H, R | W | H, R | W | H];
        var options = CreateOptions.NonDirectoryFile | (_random.Next(8) == 0 ? CreateOptions.DeleteOnClose : 0);
        var wish = new OpenWish(name, disposition, leases[_random.Next(leases.Length)], options);
        var (open, status) = await PersistentOpen.CreateAsync(_client, _history, wish);
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"{wish} was answered with {status}");
            return;
        }

        var expected = known is null ? CreateAction.Created
            : disposition is CreateDisposition.Overwrite or CreateDisposition.OverwriteIf ? CreateAction.Overwritten
            : disposition == CreateDisposition.Supersede ? CreateAction.Superseded
            : CreateAction.Opened;
        // A replay too, wherever in the first one the process died.
        if (open.Answer.Action != expected)
        {
            _history.Wrong(_client.Who, $"{wish} has {open.Answer.Action}, and should have {expected}");
        }

        if (open.WasReplayed && expected != CreateAction.Opened)
        {
            _client.Report.Count($"CREATEs sent again that have {(known is null ? "made" : "overwritten")} a file");
        }

        if (known is null || expected == CreateAction.Superseded)
        {
            _files[name] = known = new OwnFile(++_made) { DiskId = open.DiskId };
        }
        else if (expected == CreateAction.Overwritten)
        {
            // What is left of a file that was emptied is the same file.
            var emptied = new OwnFile(++_made) { DiskId = known.DiskId };
            _files[name] = known = emptied;
        }

        known.DiskId = known.DiskId.Length == 0 ? open.DiskId : known.DiskId;
        if (known.DiskId != open.DiskId)
        {
            _history.Wrong(_client.Who, $"{name} is {open.DiskId} on the disk now, and was {known.DiskId}");
        }

        known.Open = open;
        known.DeletesOnClose = (options & CreateOptions.DeleteOnClose) != 0;
        known.DeletePending = false;
    }

    private async Task CloseAsync(string name, OwnFile file)
    {
        // Locks go with the handle; now and then they are given back first.
        if (_random.Next(2) == 0)
        {
            foreach (var block in file.Locked.ToList())
            {
                await UnlockAsync(file, block);
            }
        }

        await file.Open!.CloseAsync();
        file.Open = null;
        file.Locked.Clear();
        if (!file.DeletesOnClose && !file.DeletePending)
        {
            return;
        }

        _files.Remove(name);
        _client.Report.Count(file.DeletePending ? "deletes by disposition" : "deletes on close");
        var wish = new OpenWish(name, CreateDisposition.Open, Smb2LeaseState.None);
        var (again, status) = await PersistentOpen.CreateAsync(_client, _history, wish);
        if (status != NtStatus.ObjectNameNotFound)
        {
            _history.Wrong(_client.Who, $"{name} was deleted, and opening it was answered with {status}");
            if (status == NtStatus.Success)
            {
                await again.CloseAsync();
            }
        }
    }

    private async Task RenameAsync(string name, OwnFile file)
    {
        var target = $"{_folder}\\n{_random.Next(Names)}";
        var victim = _files.GetValueOrDefault(target);
        if (file.DeletePending || file.DeletesOnClose || target == name || victim?.Open is not null)
        {
            return;
        }

        var status = await file.Open!.RenameAsync(target, replace: victim is not null);
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"the rename of {name} to {target} was answered with {status}");
            return;
        }

        _client.Report.Count(victim is null ? "renames" : "renames in place of another");
        _files.Remove(name);
        _files[target] = file;
    }

    private async Task MarkAsync(OwnFile file)
    {
        if (file.DeletesOnClose)
        {
            return;
        }

        var pending = !file.DeletePending;
        var status = await file.Open!.SetAsync(
            FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(pending), pending ? "delete" : "do not delete");
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"a deletion was answered with {status}");
            return;
        }

        file.DeletePending = pending;
    }

    // ---- content -----------------------------------------------------------------------------------------------------

    private async Task WriteAsync(OwnFile file)
    {
        var block = _random.Next(Math.Min(file.Blocks.Count + 2, MostBlocks));
        await WriteBlockAsync(file, block);
    }

    private async Task AppendAsync(OwnFile file)
    {
        if (file.Blocks.Count < MostBlocks)
        {
            _client.Report.Count("appends");
            await WriteBlockAsync(file, file.Blocks.Count);
        }
    }

    private async Task WriteBlockAsync(OwnFile file, int block)
    {
        var version = ++_version;
        var status = await file.Open!.WriteAsync(
            (ulong)(block * BlockContent.Size), BlockContent.Make(file.Number, block, version), $"write block {block} version {version}");
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"a write was answered with {status}");
            return;
        }

        _client.Report.Count("writes");
        while (file.Blocks.Count <= block)
        {
            file.Blocks.Add(0);
        }

        file.Blocks[block] = version;
    }

    private async Task TruncateAsync(OwnFile file)
    {
        var blocks = _random.Next(file.Blocks.Count + 1);
        if (file.Locked.Any(block => block >= blocks))
        {
            return; // nobody cuts off what is locked
        }

        var status = await file.Open!.SetAsync(
            FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(blocks * BlockContent.Size), $"truncate to {blocks} blocks");
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"a truncation was answered with {status}");
            return;
        }

        file.Blocks.RemoveRange(blocks, file.Blocks.Count - blocks);
    }

    private async Task CheckAsync(OwnFile file)
    {
        var open = file.Open!;
        var (length, pending) = await open.QueryAsync();
        if (length != Length(file) || pending != file.DeletePending)
        {
            _history.Wrong(
                _client.Who,
                $"{open.Name} has {length} bytes, and should have {Length(file)}; deletion pending: {pending}, and should be {file.DeletePending}");
        }

        if (file.Blocks.Count == 0)
        {
            return;
        }

        var block = _random.Next(file.Blocks.Count);
        var data = await open.ReadAsync((ulong)(block * BlockContent.Size), BlockContent.Size);
        _client.Report.Count("reads");
        Compare(file, open.Name, block, data ?? []);
    }

    private void Compare(OwnFile file, string name, int block, ReadOnlySpan<byte> data)
    {
        var version = BlockContent.VersionOf(data, file.Number, block);
        if (version != file.Blocks[block])
        {
            _history.Wrong(
                _client.Who,
                $"block {block} of {name} is version {(data.IsEmpty ? "none" : version)}, and should be {file.Blocks[block]}");
        }
    }

    // ---- locks -------------------------------------------------------------------------------------------------------

    private async Task LockAsync(OwnFile file)
    {
        var block = _random.Next(8);
        if (file.Locked.Contains(block))
        {
            await (_random.Next(3) == 0 ? LockTwiceAsync(file, block) : UnlockAsync(file, block));
            return;
        }

        var status = await file.Open!.LockAsync(block + 1, At(block), BlockContent.Size, LockFlags.Exclusive | LockFlags.FailImmediately);
        _client.Report.Count("locks");
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"the lock of block {block}, which nobody has, was answered with {status}");
            return;
        }

        file.Locked.Add(block);
    }

    // An exclusive lock is given once, to its owner too: a lock that was lost with the process shows here.
    private async Task LockTwiceAsync(OwnFile file, int block)
    {
        var status = await file.Open!.LockAsync(32 + block, At(block), BlockContent.Size, LockFlags.Exclusive | LockFlags.FailImmediately);
        if (status != NtStatus.LockNotGranted)
        {
            _history.Wrong(_client.Who, $"the lock of block {block}, which {file.Open} has, was answered with {status}");
        }
    }

    private async Task UnlockAsync(OwnFile file, int block)
    {
        var status = await file.Open!.LockAsync(block + 1, At(block), BlockContent.Size, LockFlags.Unlock);
        if (status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"the unlock of block {block} was answered with {status}");
        }

        file.Locked.Remove(block);
    }

    private static ulong At(int block) => (ulong)(block * BlockContent.Size);

    private static long Length(OwnFile file) => (long)file.Blocks.Count * BlockContent.Size;
}
