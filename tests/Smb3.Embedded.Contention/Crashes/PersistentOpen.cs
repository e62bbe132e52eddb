using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// A persistent handle of a client: every request on it is sent until it is answered, as a replay once an answer may have been lost, and
/// after each loss of the session the handle is taken up again first. Used by one worker, for one thing after the other.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing.")]
internal sealed class PersistentOpen
{
    /// <summary>How often a client finds its folder elsewhere before it believes that a handle which may be closed is.</summary>
    private const int MostTimesElsewhere = 30;

    private readonly CrashClient _client;
    private readonly History _history;
    private readonly OpenWish _wish;
    private readonly Guid _createGuid = Guid.NewGuid();
    private readonly byte[] _lockNumbers = new byte[64];
    private readonly SemaphoreSlim _takingUp = new(1);
    private Smb2FileId _fileId;
    private Place _place = null!;
    private int _session;
    private int _timesElsewhere;

    private PersistentOpen(CrashClient client, History history, OpenWish wish)
    {
        _client = client;
        _history = history;
        _wish = wish;
        Name = wish.Name;
        Lease = wish.Lease == Smb2LeaseState.None ? null : client.NewLease();
    }

    /// <summary>The file's name, as far as the client knows.</summary>
    public string Name { get; private set; }

    /// <summary>What it is being renamed to.</summary>
    public string? NextName { get; private set; }

    public HeldLease? Lease { get; }

    /// <summary>What CREATE answered.</summary>
    public CreateAnswer Answer { get; private set; } = null!;

    /// <summary>The server's name for the file and its volume.</summary>
    public string DiskId { get; private set; } = "";

    /// <summary>Whether an answer to CREATE was lost: what it did may have been done before.</summary>
    public bool WasReplayed { get; private set; }

    public override string ToString() => $"{_fileId.Persistent:x}";

    /// <summary>Opens a file.</summary>
    /// <returns>The open; and how the CREATE was answered.</returns>
    public static async Task<(PersistentOpen Open, NtStatus Status)> CreateAsync(CrashClient client, History history, OpenWish wish)
    {
        var open = new PersistentOpen(client, history, wish);
        var status = await open.CreateAsync();
        if (status == NtStatus.Success)
        {
            client.Add(open);
        }
        else
        {
            client.Forget(open);
        }

        return (open, status);
    }

    public async Task<byte[]?> ReadAsync(ulong offset, uint length)
    {
        var response = await RequireAsync(id => (Smb2Command.Read, RequestBody.Read(id, offset, length)), $"read {offset}+{length}");
        return response.Status switch
        {
            NtStatus.Success => ReadAnswer.Parse(response.Message).Data,
            NtStatus.EndOfFile => [],
            _ => null,
        };
    }

    public async Task<NtStatus> WriteAsync(ulong offset, byte[] data, string what) =>
        (await RequireAsync(id => (Smb2Command.Write, RequestBody.Write(id, offset, data)), what)).Status;

    /// <summary>A lock or an unlock, with the sequence number that tells it from one that is sent again.</summary>
    /// <param name="place">The place in the open's array, from 1.</param>
    /// <param name="offset">The range.</param>
    /// <param name="length">Its length.</param>
    /// <param name="flags">What to do.</param>
    public async Task<NtStatus> LockAsync(int place, ulong offset, ulong length, LockFlags flags)
    {
        var number = _lockNumbers[place - 1] = (byte)((_lockNumbers[place - 1] + 1) & 0xF);
        LockElement[] elements = [new LockElement(offset, length, flags)];
        var response = await RequireAsync(
            id => (Smb2Command.Lock, RequestBody.Lock(id, elements, (uint)place, number)), $"lock {offset} {flags} ({place}:{number})");
        return response.Status;
    }

    public async Task<NtStatus> SetAsync(FileInformationClass kind, byte[] buffer, string what) =>
        (await RequireAsync(id => (Smb2Command.SetInfo, RequestBody.SetFile(id, kind, buffer)), what)).Status;

    public async Task<NtStatus> RenameAsync(string name, bool replace)
    {
        NextName = name;
        var status = await SetAsync(
            FileInformationClass.FileRenameInformation, SetBuffer.Rename(_place.PathOf(name), replace), $"rename {Name} to {name}{(replace ? " in place of it" : "")}");
        if (status == NtStatus.Success)
        {
            Name = name;
        }

        NextName = null;
        return status;
    }

    /// <summary>FileStandardInformation: the length, and whether the file is going to be deleted.</summary>
    public async Task<(long Length, bool DeletePending)> QueryAsync()
    {
        var response = await RequireAsync(
            id => (Smb2Command.QueryInfo, RequestBody.QueryFile(id, FileInformationClass.FileStandardInformation)), "query");
        var buffer = OutputBufferAnswer.Parse(response.Expect(NtStatus.Success).Message).Buffer;
        return (BitConverter.ToInt64(buffer, 8), buffer[20] != 0);
    }

    /// <summary>Closes the handle. When the answer is lost, and the handle too, it was closed.</summary>
    public async Task CloseAsync()
    {
        var response = await CallAsync(id => (Smb2Command.Close, RequestBody.Close(id)), "close", mayBeGone: true);
        if (response is not null && response.Status != NtStatus.Success)
        {
            _history.Wrong(_client.Who, $"the close of {this} was answered with {response.Status}");
        }

        _client.Forget(this);
    }

    /// <summary>Takes the handle up again, if it is not in this session already.</summary>
    /// <returns>How that was answered; null: it was not, and there is another session.</returns>
    public async Task<NtStatus?> TakeUpAsync(Standing standing)
    {
        await _takingUp.WaitAsync();
        try
        {
            return _session == standing.Session ? NtStatus.Success : await ReclaimAsync(standing);
        }
        finally
        {
            _takingUp.Release();
        }
    }

    private async Task<NtStatus> CreateAsync()
    {
        var watch = Stopwatch.StartNew();
        var waits = 0;
        while (true)
        {
            Check(watch, "a CREATE");
            var standing = await _client.StandAsync();
            var request = standing.Tree.Request(Smb2Command.Create, RequestBody.Create(
                standing.Place.PathOf(_wish.Name), SmbTestTree.ReadWrite, _wish.Disposition, options: _wish.Options, oplock: Oplock, contexts: WriteRequest));
            request = WasReplayed ? request with { Flags = Smb2HeaderFlags.Replay } : request;
            var response = await _client.AttemptAsync(standing, request);
            if (response is null)
            {
                WasReplayed = true;
                _client.Report.Count("CREATEs sent again");
                Note($"{_wish}{(request.Flags == Smb2HeaderFlags.None ? "" : " (replay)")}: no answer");
                continue;
            }

            if (response.Status != NtStatus.FileNotAvailable || waits++ == 0)
            {
                Note($"{_wish}{(WasReplayed ? " (replay)" : "")}: {response.Status}");
            }

            if (response.Status == NtStatus.PathNotCovered && _client.Seam is not null)
            {
                // It is a part by now: where that is says the next referral.
                _client.Report.Count("CREATEs that were not covered");
                await LeaveAsync(standing);
                continue;
            }

            if (response.Status == NtStatus.FileNotAvailable)
            {
                // Its other clients are not back yet, or it runs still.
                _client.Report.Count("CREATEs that waited for others to come back");
                await Task.Delay(20);
                continue;
            }

            if (response.Status == NtStatus.Success)
            {
                Take(standing, response, CreateAnswer.Parse(response.Message));
            }

            return response.Status;
        }
    }

    private void Take(Standing standing, SmbTestResponse response, CreateAnswer answer)
    {
        Answer = answer;
        _place = standing.Place;
        _fileId = answer.FileId;
        _session = standing.Session;
        DiskId = Convert.ToHexStringLower(answer.Find(CreateContextName.QueryOnDiskId) ?? []);
        _client.Report.Count("opens");
        Note($"is {_fileId.Persistent:x}, {answer.Action}, lease {answer.Lease?.State} epoch {answer.Lease?.Epoch}, disk id {DiskId[..16]}");
        if (answer.Find(CreateContextName.DurableHandleRequestV2) is not { } granted
            || (BitConverter.ToUInt32(granted, 4) & (uint)DurableHandleFlags.Persistent) == 0)
        {
            _history.Wrong(_client.Who, $"the handle {_fileId.Persistent:x} is not persistent");
        }

        if (!_client.Servers.Ids.TryAdd(_fileId.Persistent, _createGuid))
        {
            _history.Wrong(_client.Who, $"the id {_fileId.Persistent:x} was given before");
        }

        if (Lease is { } lease && answer.Lease is { } state && lease.Grant(state) is { } wrong)
        {
            _history.Wrong(_client.Who, wrong);
        }
    }

    private async Task<SmbTestResponse> RequireAsync(Func<Smb2FileId, (Smb2Command Command, byte[] Body)> make, string what) =>
        (await CallAsync(make, what, mayBeGone: false))!;

    /// <summary>Sends a request until it is answered.</summary>
    /// <returns>The answer; null when the handle is gone, as it may be once the request was sent.</returns>
    private async Task<SmbTestResponse?> CallAsync(Func<Smb2FileId, (Smb2Command Command, byte[] Body)> make, string what, bool mayBeGone)
    {
        var watch = Stopwatch.StartNew();
        var lost = false;
        while (true)
        {
            Check(watch, what);
            var standing = await _client.StandAsync();
            var status = await TakeUpAsync(standing);
            if (status is null)
            {
                continue;
            }

            if (status == NtStatus.ObjectNameNotFound && mayBeGone && lost)
            {
                Note($"{what}: done before the loss");
                return null;
            }

            if (status == NtStatus.ObjectNameNotFound && _wish.MayBeClosed)
            {
                Note($"{what}: closed");
                throw new HandleClosedException();
            }

            if (status != NtStatus.Success)
            {
                throw Fail($"the handle {this} of {Name} did not come back for '{what}': {status}");
            }

            var (command, body) = make(_fileId);
            var request = standing.Tree.Request(command, body);
            var response = await _client.AttemptAsync(standing, lost ? request with { Flags = Smb2HeaderFlags.Replay } : request);
            if (response is null)
            {
                lost = true;
                _client.Report.Count("requests sent again");
                Note($"{this} {what}: no answer");
                continue;
            }

            Note($"{this} {what}{(lost ? " (replay)" : "")}: {response.Status}");
            switch (response.Status)
            {
                case NtStatus.FileNotAvailable:
                    // Requests of a channel that has failed still run (MS-SMB2 3.3.5.2.10).
                    _client.Report.Count("replays that waited");
                    await Task.Delay(10);
                    continue;
                case NtStatus.FileClosed when mayBeGone && lost:
                    return null;
                case NtStatus.FileClosed when _wish.MayBeClosed:
                    throw new HandleClosedException();
                case NtStatus.FileClosed:
                    throw Fail($"the handle {this} of {Name} is gone: {what}");
                default:
                    _client.Report.Count("operations");
                    return response;
            }
        }
    }

    /// <summary>Takes the handle up again in a new session.</summary>
    /// <returns>How that was answered; null: it was not, and there is another session.</returns>
    private async Task<NtStatus?> ReclaimAsync(Standing standing)
    {
        if (standing.Place != _place)
        {
            Note($"{this} is a handle of {_place}, and this is {standing.Place}");
            if (_wish.MayBeClosed && ++_timesElsewhere > MostTimesElsewhere)
            {
                return NtStatus.ObjectNameNotFound;
            }

            await LeaveAsync(standing);
            return null;
        }

        // The file may have the new name already, when the answer to the rename was lost.
        foreach (var name in NextName is { } next ? [next, Name] : new[] { Name })
        {
            var watch = Stopwatch.StartNew();
            SmbTestResponse? response;
            ushort epoch;
            do
            {
                epoch = Lease?.Epoch ?? 0;
                var body = RequestBody.Create(
                    _place.PathOf(name), SmbTestTree.ReadWrite, CreateDisposition.Open, options: _wish.Options, oplock: Oplock, contexts: WriteReconnect);
                response = await _client.AttemptAsync(standing, standing.Tree.Request(Smb2Command.Create, body));
                if (response is null)
                {
                    // It may be back in this session, where it cannot be asked for again.
                    await _client.LoseAsync(standing);
                    return null;
                }

                Note($"{this} reconnect as {name}: {response.Status}");
                if (response.Status == NtStatus.FileNotAvailable)
                {
                    Check(watch, "a reconnect");
                    await Task.Delay(20);
                }
            }
            while (response.Status == NtStatus.FileNotAvailable);

            if (response.Status == NtStatus.PathNotCovered && _client.Seam is not null)
            {
                await LeaveAsync(standing);
                return null;
            }

            if (response.Status == NtStatus.InvalidParameter && NextName is not null)
            {
                continue;
            }

            if (response.Status == NtStatus.Success)
            {
                TakeBack(standing, CreateAnswer.Parse(response.Message), epoch);
            }

            return response.Status;
        }

        return NtStatus.InvalidParameter;
    }

    /// <param name="standing">The session.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="epoch">The epoch of the lease when the client asked.</param>
    private void TakeBack(Standing standing, CreateAnswer answer, ushort epoch)
    {
        _client.Report.Count("handles taken up again");
        if (answer.FileId.Persistent != _fileId.Persistent)
        {
            _history.Wrong(_client.Who, $"the handle {this} came back as {answer.FileId.Persistent:x}");
        }

        _fileId = answer.FileId;
        _session = standing.Session;
        if (Lease is not { } lease)
        {
            return;
        }

        if (answer.Lease is not { } state)
        {
            _history.Wrong(_client.Who, $"the handle {this} came back without its lease");
        }
        else
        {
            Note($"{this} lease {state.State} epoch {state.Epoch} {state.Flags}");
            if (lease.Reclaim(state, epoch, out var kept) is { } wrong)
            {
                _history.Wrong(_client.Who, $"{this}: {wrong}");
            }

            _client.Report.Count("caches kept over a restart", kept ? 1 : 0);
        }
    }

    /// <summary>What was asked for is not here, though a server has said so that did not know better: asks again in a moment.</summary>
    private async Task LeaveAsync(Standing standing)
    {
        await _client.LoseAsync(standing);
        await Task.Delay(20);
    }

    private Smb2OplockLevel Oplock => Lease is null ? Smb2OplockLevel.None : Smb2OplockLevel.Lease;

    private void WriteRequest(ref CreateContextWriter writer)
    {
        writer.AskDurableHandleV2(new DurableHandleRequestV2(
            (uint)_client.Settings.HandleTime.TotalMilliseconds, DurableHandleFlags.Persistent, _createGuid));
        writer.AskOnDiskId();
        WriteLease(ref writer);
    }

    private void WriteReconnect(ref CreateContextWriter writer)
    {
        writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(_fileId, _createGuid, DurableHandleFlags.Persistent));
        WriteLease(ref writer);
    }

    private void WriteLease(ref CreateContextWriter writer)
    {
        if (Lease is { } lease)
        {
            writer.Lease(new LeaseContext { Version = 2, LeaseKey = lease.Key, State = _wish.Lease, Epoch = lease.Epoch });
        }
    }

    private void Note(string what) => _history.Note(_client.Who, what);

    private InvalidOperationException Fail(string what)
    {
        _history.Wrong(_client.Who, what);
        return new InvalidOperationException(what);
    }

    private void Check(Stopwatch watch, string what)
    {
        if (watch.Elapsed > _client.Settings.Patience || !_client.Report.IsFine)
        {
            throw _client.Report.IsFine
                ? Fail($"{what} on {this} of {Name} was not answered for {watch.Elapsed.TotalSeconds:f0} s")
                : new OperationCanceledException("Something else is wrong.");
        }
    }
}
