using System.Diagnostics;
using Smb3.Embedded.Contention.Caching;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Running;

/// <summary>
/// One of many clients: it does what its seed says, one thing after the other, while its breaks are answered beside it, and checks all
/// that it sees.
/// </summary>
internal sealed partial class ContentionClient(int number, RunSettings settings, Truth truth, RunReport report)
{
    private const ulong Size = BlockContent.Size;

    private const FileAccessMask ReadWriteDelete =
        FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite | FileAccessMask.Delete;

    private readonly string _who = $"client {number}";
    private readonly Random _random = new((settings.Seed * 1000) + number);
    private ClientConnection _on = null!;
    private string _doing = "";
    private int _cuts;

    /// <summary>Works until the time is over, then ends in order.</summary>
    public async Task RunAsync()
    {
        var slowest = TimeSpan.Zero;
        try
        {
            await ConnectAsync();
            while (report.Elapsed < settings.Time && report.WrongCount < 20)
            {
                var watch = Stopwatch.StartNew();
                await StepAsync();
                report.Count("steps");
                slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
            }

            _doing = "end";
            await EndAsync();
        }
        catch (Exception e)
        {
            report.Wrong(_who, $"{_doing}: {e}");
            await _on.Connection.DisposeAsync();
        }
    }

    // Another client after each cut: the break of a lease goes over the oldest connection of its client, and while the server has not
    // noticed the end of that one, it does not arrive before what is asked over the new one is answered.
    private async Task ConnectAsync() =>
        _on = await ClientConnection.OpenAsync(
            _who,
            await settings.OpenAsync(
                new SmbTestClientOptions { ClientGuid = new Guid(settings.Seed, (short)number, (short)_cuts, new byte[8]) }),
            settings, truth, report, _random.Next());

    private Task StepAsync()
    {
        var step = _random.Next(200);
        return step switch
        {
            < 50 => Do("open", OpenAsync),
            < 75 => Do("close", CloseOneAsync),
            < 110 => Do("read", ReadOneAsync),
            < 150 => Do("write", WriteOneAsync),
            < 160 => Do("lock", HoldOneAsync),
            < 166 => Do("rename", RenameOneAsync),
            < 168 => Do("delete", DeleteOneAsync),
            < 173 => Do("empty", EmptyOneAsync),
            < 183 => Do("list", ListAsync),
            < 190 => Do("watch", WatchAsync),
            < 193 => Do("leave the folder", CloseFolderAsync),
            < 195 => Do("cut", CutAsync),
            _ => Do("echo", EchoAsync),
        };
    }

    private Task Do(string what, Func<Task> step)
    {
        _doing = what;
        return step();
    }

    // ---- opens -------------------------------------------------------------------------------------------------------

    private async Task OpenAsync()
    {
        var name = _random.Next(settings.Files);
        var kind = _random.Next(12);
        var access = _random.Next(12) switch
        {
            0 => FileAccessMask.ReadAttributes | FileAccessMask.Synchronize,
            1 => FileAccessMask.FileGenericRead,
            _ => ReadWriteDelete,
        };
        var share = _random.Next(10) == 0 ? (ShareAccess)_random.Next(8) : ShareAccess.All;
        var disposition = _random.Next(5) == 0 ? CreateDisposition.Open : CreateDisposition.OpenIf;
        var options = CreateOptions.NonDirectoryFile | (_random.Next(50) == 0 ? CreateOptions.DeleteOnClose : 0);
        if ((access & FileAccessMask.Delete) == 0)
        {
            options &= ~CreateOptions.DeleteOnClose;
        }

        if (_on.Handles.Count >= 5)
        {
            await CloseOneAsync();
            return;
        }

        // A file that is parked is opened again without the server.
        if (_on.Handles.Find(handle => handle.Parked && handle.Cache is { LeaseKey: { } key } && key == LeaseKey(name)) is { } parked
            && Unpark(parked))
        {
            report.Count("opened again");
            return;
        }

        await TryOpenAsync(name, kind, access, share, disposition, options);
    }

    private bool Unpark(FileHandle handle)
    {
        lock (_on.Desk.Sync)
        {
            if (!handle.Cache!.Handles.Contains(handle))
            {
                return false; // it was closed for a break
            }

            handle.Parked = false;
            return true;
        }
    }

    private async Task<FileHandle?> TryOpenAsync(
        int name, int kind, FileAccessMask access, ShareAccess share, CreateDisposition disposition, CreateOptions options)
    {
        const Smb2LeaseState R = Smb2LeaseState.Read, W = Smb2LeaseState.Write, H = Smb2LeaseState.Handle;
        var wish = kind switch { 4 => R, 5 => R | H, 6 => R | W, >= 7 and < 11 => R | W | H, _ => Smb2LeaseState.None };
        var oplock = kind switch
        {
            1 => Smb2OplockLevel.LevelII,
            2 => Smb2OplockLevel.Exclusive,
            3 => Smb2OplockLevel.Batch,
            >= 4 and < 11 => Smb2OplockLevel.Lease,
            _ => Smb2OplockLevel.None,
        };
        var cache = oplock == Smb2OplockLevel.Lease ? _on.Desk.Lease(LeaseKey(name)) : null;
        var version = name % 2 == 0 ? 2 : 1;
        var since = truth.Now();
        var body = RequestBody.Create(
            settings.Name(name), access, disposition, share, options, oplock: oplock,
            contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskOnDiskId();
                if (cache is not null)
                {
                    writer.Lease(new LeaseContext { Version = version, LeaseKey = cache.LeaseKey!.Value, State = wish });
                }
            });
        var response = await CreateAsync(cache, body);
        if (response.Status != NtStatus.Success)
        {
            EndOpening(cache);
            report.Count($"opens refused ({response.Status})");
            Allow(response.Status, NtStatus.SharingViolation, NtStatus.DeletePending, NtStatus.ObjectNameNotFound,
                NtStatus.InvalidParameter, NtStatus.AccessDenied);
            return null;
        }

        report.Count("opens");
        var answer = CreateAnswer.Parse(response.Message);
        if (answer.Action is CreateAction.Created)
        {
            NameChanged(since);
        }

        var file = BitConverter.ToUInt64(answer.Find(CreateContextName.QueryOnDiskId)!);
        if (cache is not null && answer.Lease is { } lease)
        {
            report.Count("leases " + lease.State.ToString().Replace(", ", string.Empty, StringComparison.Ordinal));
            cache.Grant(lease.State, (lease.Flags & LeaseFlags.BreakInProgress) != 0, response.Arrival);
        }
        else if (answer.OplockLevel != Smb2OplockLevel.None && cache is null)
        {
            report.Count($"oplocks {answer.OplockLevel}");
            var state = answer.OplockLevel == Smb2OplockLevel.LevelII ? R : R | W;
            cache = _on.Desk.Oplock(answer.FileId, state, response.Arrival);
        }
        else
        {
            EndOpening(cache);
            cache = null;
        }

        var handle = new FileHandle(new SmbTestFile(_on.Tree, answer), file, access, cache);
        lock (_on.Desk.Sync)
        {
            if (cache?.Handles.FirstOrDefault() is { } other && other.Number != file)
            {
                report.Wrong(_who, "one lease key means two files");
            }

            cache?.Handles.Add(handle);
            if (cache is { LeaseKey: not null })
            {
                cache.Opening--;
            }
        }

        _on.Handles.Add(handle);
        return handle;
    }

    /// <summary>Sends a CREATE with the lease of <paramref name="lease"/>; <see cref="EndOpening"/> follows when it came to nothing.</summary>
    private Task<SmbTestResponse> CreateAsync(CachedFile? lease, byte[] body)
    {
        lock (_on.Desk.Sync)
        {
            if (lease is not null)
            {
                lease.Opening++;
            }
        }

        return _on.Tree.CallAsync(Smb2Command.Create, body);
    }

    private void EndOpening(CachedFile? lease)
    {
        lock (_on.Desk.Sync)
        {
            if (lease is not null)
            {
                lease.Opening--;
            }
        }
    }

    // A key of its own after each cut: breaks that were still on their way to the old connection are not taken for new ones.
    private Guid LeaseKey(int name) => new(number, (short)name, (short)_cuts, new byte[8]);

    private async Task CloseOneAsync()
    {
        if (Pick(_ => true) is not { } handle)
        {
            return;
        }

        var park = _random.Next(2) == 0;
        if (park && handle.Locked.Count == 0 && handle.Cache is { } cache && (cache.Held & Smb2LeaseState.Handle) != 0)
        {
            lock (_on.Desk.Sync)
            {
                if ((cache.Held & Smb2LeaseState.Handle) != 0 && cache.Handles.Contains(handle))
                {
                    handle.Parked = true;
                    report.Count("parked");
                    return;
                }
            }
        }

        await CloseAsync(handle);
    }

    private async Task CloseAsync(FileHandle handle)
    {
        foreach (var block in handle.Locked.Keys.ToList())
        {
            await UnlockAsync(handle, block);
        }

        _on.Handles.Remove(handle);
        if (handle.Cache is { } cache)
        {
            // What is being written for a break may go through this handle.
            await cache.Answers;
            await _on.Desk.FlushAsync(cache);
            lock (_on.Desk.Sync)
            {
                if (!cache.Remove(handle))
                {
                    return; // it was closed for a break
                }
            }

            await cache.Answers;
        }

        report.Count("closes");
        await CloseFileAsync(handle);
    }

    private async Task CloseFileAsync(FileHandle handle)
    {
        await _on.Desk.CloseAsync(handle);

        // An answer to a break of what is closed now must not be taken for one of what its key means next.
        if (handle.Cache is { } cache)
        {
            await cache.Answers;
        }
    }

    /// <summary>A handle that is in use.</summary>
    private FileHandle? Pick(Func<FileHandle, bool> condition)
    {
        var draw = _random.Next(1 << 16);
        lock (_on.Desk.Sync)
        {
            _on.Handles.RemoveAll(handle => handle.Parked && !handle.Cache!.Handles.Contains(handle));
            var usable = _on.Handles.Where(handle => !handle.Parked && condition(handle)).ToList();
            return usable.Count == 0 ? null : usable[draw % usable.Count];
        }
    }

    private void NameChanged(long since)
    {
        truth.NameChanged(since);
        _on.Listing = null; // what a client does itself it knows
    }

    private void Allow(NtStatus status, params ReadOnlySpan<NtStatus> allowed)
    {
        if (status != NtStatus.Success && !allowed.Contains(status))
        {
            report.Wrong(_who, $"{_doing} was answered with {status}");
        }
    }
}
