using System.Text;
using Smb3.Embedded.Contention.Caching;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Running;

// Renaming, deleting, listing, watching, and going away.
internal sealed partial class ContentionClient
{
    /// <summary>Where the name begins in FileAllInformation (MS-FSCC 2.4.2).</summary>
    private const int NameInAll = 100;

    private async Task RenameOneAsync()
    {
        var target = settings.Name(_random.Next(settings.Files));
        var replace = _random.Next(2) == 0;
        if (Pick(handle => (handle.Access & FileAccessMask.Delete) != 0) is not { } handle)
        {
            return;
        }

        // Another client may give the file this very name before the request arrives: the server changes nothing then, and tells nobody.
        // The moment is taken before the question for the name, so that it is before such a change too.
        var since = truth.Now();
        var named = await _on.Tree.CallAsync(
            Smb2Command.QueryInfo, RequestBody.QueryFile(handle.File.FileId, FileInformationClass.FileAllInformation));
        Allow(named.Status, NtStatus.DeletePending);
        var same = named.Status == NtStatus.Success
            && Encoding.Unicode.GetString(OutputBufferAnswer.Parse(named.Message).Buffer[NameInAll..])
                .EndsWith(target, StringComparison.OrdinalIgnoreCase);
        var response = await _on.Tree.CallAsync(
            Smb2Command.SetInfo,
            RequestBody.SetFile(handle.File.FileId, FileInformationClass.FileRenameInformation, SetBuffer.Rename(target, replace)));
        Allow(response.Status, NtStatus.ObjectNameCollision, NtStatus.SharingViolation, NtStatus.AccessDenied, NtStatus.DeletePending,
            NtStatus.ObjectNameNotFound);
        if (response.Status == NtStatus.Success)
        {
            report.Count(same ? "renames to the same name" : "renames");
            if (!same)
            {
                NameChanged(since);
            }
        }
    }

    private async Task DeleteOneAsync()
    {
        if (Pick(handle => (handle.Access & FileAccessMask.Delete) != 0) is not { } handle)
        {
            return;
        }

        var response = await _on.Tree.CallAsync(
            Smb2Command.SetInfo,
            RequestBody.SetFile(handle.File.FileId, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(true)));
        Allow(response.Status);
        report.Count("deletes");
        await CloseAsync(handle);
    }

    /// <summary>Empties a file, while nobody else has it open.</summary>
    private async Task EmptyOneAsync()
    {
        var name = _random.Next(settings.Files);
        if (await TryOpenAsync(
            name, 0, ReadWriteDelete, ShareAccess.None, CreateDisposition.OverwriteIf, CreateOptions.NonDirectoryFile) is not { } handle)
        {
            return;
        }

        report.Count("emptied");
        foreach (var block in truth.File(handle.Number))
        {
            block.Empty();
        }

        _on.Listing = null;
        await ReadAsync(handle, 0, alone: false);
        await CloseAsync(handle);
    }

    private async Task ListAsync()
    {
        if (await FolderAsync() is not { } folder)
        {
            return;
        }

        if (_on.Listing is { } listing)
        {
            var latest = truth.LatestNameChange;
            await EchoAsync();
            if (folder.Cache!.IsCurrent(listing.Generation) && _on.Listing == listing)
            {
                report.Count("cached listings");
                if (latest > listing.Moment)
                {
                    report.Wrong(_who, $"a stale listing under {folder.Cache.Held}: a name changed after it was read");
                }

                return;
            }
        }

        var generation = folder.Cache?.Generation ?? 0;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var flags = QueryDirectoryFlags.RestartScans;
        while (true)
        {
            var response = await _on.Tree.CallAsync(
                Smb2Command.QueryDirectory, RequestBody.QueryDirectory(folder.File.FileId, flags: flags, outputLength: 1024));
            flags = QueryDirectoryFlags.None;
            if (response.Status == NtStatus.NoMoreFiles)
            {
                break;
            }

            response.Expect(NtStatus.Success);
            var entries = ListReader.Directory(
                FileInformationClass.FileIdBothDirectoryInformation, OutputBufferAnswer.Parse(response.Message).Buffer);
            foreach (var entry in entries)
            {
                names.Add(entry.Name);
            }
        }

        report.Count("listings");
        if (!names.Contains(".") || names.Count > settings.Files + 2)
        {
            report.Wrong(_who, $"a listing of {string.Join(' ', names)}");
        }

        var moment = truth.Now();
        _on.Listing = folder.Cache is { } cache && cache.IsCurrent(generation) ? (moment, generation) : null;
    }

    private async Task<FileHandle?> FolderAsync()
    {
        if (_on.Folder is { } open)
        {
            return open;
        }

        var key = LeaseKey(-1);
        var cache = _on.Desk.Lease(key);
        var lease = new LeaseContext
        {
            Version = 2, LeaseKey = key, State = Smb2LeaseState.Read | Smb2LeaseState.Handle,
        };
        var body = RequestBody.Create(
            settings.Folder, FileAccessMask.FileGenericRead, CreateDisposition.Open, options: CreateOptions.DirectoryFile,
            oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) => writer.Lease(lease));
        var response = await CreateAsync(cache, body);
        Allow(response.Status);
        if (response.Status != NtStatus.Success)
        {
            EndOpening(cache);
            return null;
        }

        var answer = CreateAnswer.Parse(response.Message);
        if (answer.Lease is { } granted)
        {
            report.Count("directory leases");
            cache.Grant(granted.State, (granted.Flags & LeaseFlags.BreakInProgress) != 0, response.Arrival);
        }

        _on.Folder = new FileHandle(new SmbTestFile(_on.Tree, answer), 0, FileAccessMask.FileGenericRead, cache);
        lock (_on.Desk.Sync)
        {
            cache.Handles.Add(_on.Folder);
            cache.Opening--;
        }

        return _on.Folder;
    }

    private async Task WatchAsync()
    {
        if (_on.Watches.Find(call => call.IsAnswered) is { } answered)
        {
            _on.Watches.Remove(answered);
            await EndWatchAsync(answered);
        }

        if (_on.Watches.Count > 1)
        {
            var call = _on.Watches[0];
            _on.Watches.RemoveAt(0);
            await _on.Tree.Session.CancelAsync(call, call.IsAnswered ? 0 : await AsyncIdAsync(call));
            await EndWatchAsync(call);
            return;
        }

        if (await FolderAsync() is not { } folder)
        {
            return;
        }

        var body = RequestBody.ChangeNotify(folder.File.FileId, ChangeFilter.FileName | ChangeFilter.Size | ChangeFilter.LastWrite);
        _on.Watches.Add(await _on.Connection.SendAsync(_on.Tree.Request(Smb2Command.ChangeNotify, body)));
    }

    private async Task EndWatchAsync(SmbTestCall call)
    {
        var response = await call.ResponseAsync();
        Allow(response.Status, NtStatus.Cancelled, NtStatus.NotifyCleanup, NtStatus.NotifyEnumDir);
        report.Count("watches");
        if (response.Status == NtStatus.Success)
        {
            ListReader.Changes(OutputBufferAnswer.Parse(response.Message).Buffer);
        }
    }

    private async Task CloseFolderAsync()
    {
        if (_on.Folder is not { } folder)
        {
            return;
        }

        _on.Folder = null;
        _on.Listing = null;
        lock (_on.Desk.Sync)
        {
            folder.Cache!.Remove(folder);
        }

        await CloseFileAsync(folder);
        foreach (var call in _on.Watches)
        {
            await EndWatchAsync(call);
        }

        _on.Watches.Clear();
    }

    private async Task EchoAsync() => (await _on.Connection.EchoAsync()).Expect(NtStatus.Success);

    /// <summary>The connection breaks in the middle of everything, and a new one takes its place.</summary>
    private async Task CutAsync()
    {
        report.Count("cuts");
        _cuts++;

        // A write under a lock that nobody will answer, and requests that would wait.
        if (Pick(handle => handle.Locked.Count > 0) is { } holder)
        {
            var block = holder.Locked.Keys.First();
            var version = truth.File(holder.Number)[block].Begin();
            await _on.Connection.SendAsync(
                holder.File.WriteRequest((ulong)block * Size, BlockContent.Make(holder.Number, block, version)));
            report.Count("writes cut off");
        }
        else if (Pick(handle => handle is { Reads: true, Writes: true }) is { } handle)
        {
            await _on.Connection.SendAsync(handle.File.LockRequest(0, Size));
        }

        _on.Desk.CutOff();
        await _on.DisposeAsync();
        await _on.Desk.SettleAsync();
        await ConnectAsync();
    }

    private async Task EndAsync()
    {
        await CloseFolderAsync();
        while (_on.Handles.Count > 0)
        {
            await CloseAsync(_on.Handles[0]);
        }

        await _on.Desk.SettleAsync();
        foreach (var call in _on.Watches)
        {
            await EndWatchAsync(call);
        }

        await EchoAsync();
        await _on.Tree.DisconnectAsync();
        await _on.Tree.Session.LogOffAsync();
        await _on.DisposeAsync();
    }
}
