using Smb3.Embedded.Contention.Caching;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Running;

// Reading, writing and locking.
internal sealed partial class ContentionClient
{
    private async Task ReadOneAsync()
    {
        var block = _random.Next(BlockContent.PerFile);
        if (Pick(handle => handle.Reads) is not { } handle)
        {
            return;
        }

        var cache = handle.Cache;
        if (cache is not null && !AwaitsAnswer(cache) && cache.Find(block) is { } cached)
        {
            // What was complete before the fence was sent has sent its breaks before the fence came back.
            var truthOf = truth.File(handle.Number)[block];
            var lowest = truthOf.Lowest;

            // A break that comes meanwhile, and is answered meanwhile, may have another behind it that says what was changed.
            var (settled, breaks) = (!AwaitsAnswer(cache), cache.Breaks);
            await EchoAsync();
            if (settled && cache.Breaks == breaks && cache.IsCurrent(cached.Generation))
            {
                report.Count("cached reads");
                if (truthOf.Check(cached.Version, lowest, alone: false) is { } wrong)
                {
                    report.Wrong(_who, $"a stale cache: {wrong} in block {block} of {handle.Number:x} under {cache.Held}");
                }

                return;
            }
        }

        if (cache is not null && Array.Exists(cache.Dirty, dirty => dirty.Key == block))
        {
            if ((cache.Held & Wire.Smb2LeaseState.Write) != 0)
            {
                return; // it knows it
            }

            await cache.Answers;
        }

        var generation = cache?.Generation ?? 0;
        if (await ReadAsync(handle, block, alone: handle.Locked.ContainsKey(block)) is { } version)
        {
            cache?.Keep(block, version, generation);
        }
    }

    /// <summary>Reads a block from the server and checks it.</summary>
    /// <returns>Its version; null when it could not be read.</returns>
    private async Task<long?> ReadAsync(FileHandle handle, int block, bool alone)
    {
        var truthOf = truth.File(handle.Number)[block];
        var lowest = truthOf.Lowest;
        var response = await _on.Tree.Session.CallAsync(handle.File.ReadRequest((ulong)block * Size, (uint)Size));
        Allow(response.Status, NtStatus.EndOfFile, alone ? NtStatus.EndOfFile : NtStatus.FileLockConflict);
        if (response.Status != NtStatus.Success && response.Status != NtStatus.EndOfFile)
        {
            return null;
        }

        var data = response.Status == NtStatus.Success ? ReadAnswer.Parse(response.Message).Data : [];
        var version = BlockContent.VersionOf(data, handle.Number, block);
        report.Count(alone ? "locked reads" : "reads");
        if (truthOf.Check(version, lowest, alone) is { } wrong)
        {
            report.Wrong(_who, $"wrong content: {wrong} in block {block} of {handle.Number:x} ({data.Length} bytes)");
        }

        return version < 0 ? null : version;
    }

    private async Task WriteOneAsync()
    {
        var block = _random.Next(BlockContent.PerFile);
        var wait = _random.Next(4) == 0;
        if (Pick(handle => handle is { Reads: true, Writes: true }) is not { } handle)
        {
            return;
        }

        if (handle.Locked.TryGetValue(block, out var held))
        {
            handle.Locked[block] = await WriteThroughAsync(handle, block) ?? held;
            return;
        }

        if (handle.Cache is { } cache && !HoldsLocks(cache) && cache.TryWrite(block, truth.File(handle.Number)[block]))
        {
            report.Count("cached writes");
            return;
        }

        if (!await LockAsync(handle, block, wait))
        {
            return;
        }

        if (await ReadAsync(handle, block, alone: true) is not null)
        {
            await WriteThroughAsync(handle, block);
        }

        await UnlockAsync(handle, block);
    }

    /// <summary>Whether the client has still to answer a break, and so may not have heard of the next.</summary>
    private bool AwaitsAnswer(CachedFile cache)
    {
        lock (_on.Desk.Sync)
        {
            return cache.Unanswered > 0;
        }
    }

    /// <summary>
    /// Whether a range is locked through any open of a cache: what it has goes to the server through whichever open, and the server knows
    /// nobody but the open that has the lock.
    /// </summary>
    private bool HoldsLocks(CachedFile cache)
    {
        lock (_on.Desk.Sync)
        {
            return cache.Handles.Exists(one => one.Locked.Count > 0);
        }
    }

    private async Task<long?> WriteThroughAsync(FileHandle handle, int block)
    {
        var truthOf = truth.File(handle.Number)[block];
        var generation = handle.Cache?.Generation ?? 0;
        var version = truthOf.Begin();
        var data = BlockContent.Make(handle.Number, block, version);
        var status = await handle.File.TryWriteAsync((ulong)block * Size, data);
        Allow(status);
        if (status != NtStatus.Success)
        {
            truthOf.Refuse(version);
            return null;
        }

        truthOf.Complete(version);
        handle.Cache?.Keep(block, version, generation);
        report.Count("locked writes");
        return version;
    }

    /// <summary>Keeps a block locked for some time.</summary>
    private async Task HoldOneAsync()
    {
        var block = _random.Next(BlockContent.PerFile);
        var wait = _random.Next(2) == 0;
        if (Pick(handle => handle.Locked.Count > 0) is { } holder)
        {
            await UnlockAsync(holder, holder.Locked.Keys.First());
            return;
        }

        if (Pick(handle => handle is { Reads: true, Writes: true }) is { } handle && await LockAsync(handle, block, wait))
        {
            if (await ReadAsync(handle, block, alone: true) is { } version)
            {
                handle.Locked[block] = version;
            }
            else
            {
                await UnlockAsync(handle, block);
            }
        }
    }

    private async Task<bool> LockAsync(FileHandle handle, int block, bool wait)
    {
        var patience = _random.Next(5, 120);
        if (handle.Cache is { } cache)
        {
            // Locks are the server's: what only the cache has must be there before.
            await cache.Answers;
            await _on.Desk.FlushAsync(cache);
        }

        var flags = LockFlags.Exclusive | (wait ? 0 : LockFlags.FailImmediately);
        var call = await _on.Connection.SendAsync(handle.File.LockRequest((ulong)block * Size, Size, flags));
        if (wait && await Task.WhenAny(call.ResponseAsync(), Task.Delay(patience)) is { } first && first != call.ResponseAsync())
        {
            await _on.Tree.Session.CancelAsync(call, call.IsAnswered ? 0 : await AsyncIdAsync(call));
        }

        var status = (await call.ResponseAsync()).Status;
        Allow(status, wait ? NtStatus.Cancelled : NtStatus.LockNotGranted);
        report.Count(status == NtStatus.Success ? "locks" : "locks not granted");
        return status == NtStatus.Success;
    }

    private static async Task<ulong> AsyncIdAsync(SmbTestCall call)
    {
        try
        {
            return (await call.InterimAsync()).AsyncId;
        }
        catch (SmbTestException)
        {
            return 0; // answered meanwhile
        }
    }

    private async Task UnlockAsync(FileHandle handle, int block)
    {
        if (handle.Locked.Remove(block, out var version))
        {
            // Nobody else could have written it.
            var now = await ReadAsync(handle, block, alone: true);
            if (now != version)
            {
                report.Wrong(_who, $"block {block} of {handle.Number:x} became version {now} under a lock on version {version}");
            }
        }

        Allow(await handle.File.LockAsync((ulong)block * Size, Size, LockFlags.Unlock));
    }
}
