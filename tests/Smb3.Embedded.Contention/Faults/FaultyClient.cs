using System.Collections.Concurrent;
using System.Diagnostics;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>
/// A client with several channels that break one after the other. It writes the blocks of its file, each again and again, with a lease, a
/// lock and a durable handle, and after each failure does what MS-SMB2 has clients do: it repeats the request on another channel with the
/// next channel sequence, binds a new channel in place of the old one, and when none is left comes back to its durable open.
/// </summary>
internal sealed class FaultyClient(int number, FaultSettings settings, WriteLedger ledger, RunReport report)
    : IDisposable
{
    private const ulong Size = BlockContent.Size;
    private const ulong LockAt = 1 << 20;

    private readonly string _who = $"client {number}";
    private readonly Random _random = new((settings.Run.Seed * 1000) + number);
    private readonly Guid _clientGuid = new(settings.Run.Seed, (short)number, 3, new byte[8]);
    private readonly Guid _leaseKey = new(settings.Run.Seed, (short)number, 4, new byte[8]);
    private readonly Guid _createGuid = Guid.NewGuid();
    private readonly List<FaultyChannel> _channels = [];
    private readonly long[] _sent = new long[BlockContent.PerFile];
    private readonly long[] _done = new long[BlockContent.PerFile];
    private readonly ConcurrentDictionary<(int Block, long Version), bool> _replayed = new();
    private readonly SemaphoreSlim _repairing = new(1);
    private volatile bool _isOver;
    private SmbTestSession _session = null!;
    private SmbTestTree _tree = null!;
    private SmbTestFile? _file;
    private bool _durable;
    private int _sequence;
    private int _generation;

    private string Name => settings.Run.Name(number);

    private ulong FileNumber => (ulong)number;

    public async Task RunAsync()
    {
        try
        {
            await RepairAsync(_generation);
            using var ended = new CancellationTokenSource();
            var harm = HarmAsync(ended.Token);
            await Task.WhenAll(Enumerable.Range(0, BlockContent.PerFile).Select(block => Task.Run(() => WorkAsync(block))));
            await ended.CancelAsync();
            await harm;
            await EndAsync();
        }
        catch (Exception e)
        {
            report.Wrong(_who, e.ToString());
        }
        finally
        {
            foreach (var channel in Channels())
            {
                channel.Release();
                await channel.GiveUpAsync();
            }
        }
    }

    public void Dispose()
    {
        _isOver = true;
        _repairing.Dispose();
    }

    private async Task HarmAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(_random.Next(2, 40), CancellationToken.None);
            if (Usable() is { } channel)
            {
                channel.Harm(_random, report);
            }
        }
    }

    private async Task WorkAsync(int block)
    {
        var random = new Random((settings.Run.Seed * 1000) + (number * 10) + block);
        while (report.Elapsed < settings.Run.Time && report.WrongCount < 20)
        {
            if (random.Next(4) == 0)
            {
                await CheckAsync(block);
            }
            else
            {
                await WriteAsync(block);
            }
        }
    }

    private async Task WriteAsync(int block)
    {
        var version = ++_sent[block];
        var data = BlockContent.Make(FileNumber, block, version);
        var response = await RequestAsync(
            file => file.WriteRequest((ulong)block * Size, data), () => _replayed.TryAdd((block, version), true));
        if (response.Status != NtStatus.Success)
        {
            report.Wrong(_who, $"a write was answered with {response.Status}");
            return;
        }

        _done[block] = version;
        report.Count("writes");
        if (!ledger.Has(Name, block * BlockContent.Size, version))
        {
            report.Wrong(_who, $"version {version} of block {block} was answered and never executed");
        }
    }

    private async Task CheckAsync(int block)
    {
        var response = await RequestAsync(file => file.ReadRequest((ulong)block * Size, (uint)Size));
        var data = response.Status == NtStatus.Success ? ReadAnswer.Parse(response.Message).Data : [];
        var version = BlockContent.VersionOf(data, FileNumber, block);
        report.Count("reads");
        if (version != _done[block])
        {
            report.Wrong(_who, $"block {block} is version {version} and not {_done[block]} ({response.Status})");
        }
    }

    /// <summary>Sends a request until it is answered, over one channel after the other.</summary>
    private async Task<SmbTestResponse> RequestAsync(Func<SmbTestFile, SmbTestRequest> make, Action? replayed = null)
    {
        var watch = Stopwatch.StartNew();
        for (var attempt = 0; ; attempt++)
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException("A request was not answered on any channel for a minute.");
            }

            var generation = Volatile.Read(ref _generation);
            var file = _file;
            if (file is null || Usable() is not { } channel)
            {
                await RepairAsync(generation);
                continue;
            }

            var sequence = Volatile.Read(ref _sequence);
            var request = make(file) with { ChannelSequence = (ushort)sequence };
            if (attempt > 0)
            {
                replayed?.Invoke();
                report.Count("replays");
                request = request with { Flags = Smb2HeaderFlags.Replay };
            }

            try
            {
                var call = await channel.Connection.SendAsync(request).WaitAsync(settings.ChannelPatience);
                var response = await call.ResponseAsync().WaitAsync(settings.ChannelPatience);
                if (response.Status == NtStatus.FileNotAvailable)
                {
                    report.Count("stale requests refused");
                    continue;
                }

                if (response.Status is NtStatus.FileClosed or NtStatus.UserSessionDeleted or NtStatus.NetworkNameDeleted)
                {
                    report.Count("sessions gone");
                    await LoseAsync(generation);
                    continue;
                }

                return response;
            }
            catch (Exception e) when (ChannelFailure.Is(e))
            {
                await FailAsync(channel, sequence);
            }
        }
    }

    private async Task FailAsync(FaultyChannel channel, int sequence)
    {
        // One step for each failure, however many requests it took along (MS-SMB2 3.2.4.1.5).
        Interlocked.CompareExchange(ref _sequence, sequence + 1, sequence);
        report.Count("channels lost");
        await channel.GiveUpAsync();
        await RepairAsync(Volatile.Read(ref _generation));
    }

    private async Task LoseAsync(int generation)
    {
        if (generation != Volatile.Read(ref _generation))
        {
            return;
        }

        foreach (var channel in Channels())
        {
            await channel.GiveUpAsync();
        }

        await RepairAsync(generation);
    }

    /// <summary>Brings the channels back: by binding while there is one, else by a new session and the durable open.</summary>
    private async Task RepairAsync(int generation)
    {
        await _repairing.WaitAsync();
        try
        {
            Exception? last = null;
            for (var tries = 0; tries < 40; tries++)
            {
                // As a client does it, which does not spend its tries while the server is busy with others.
                await Task.Delay(TimeSpan.FromMilliseconds(5 * tries));
                lock (_channels)
                {
                    _channels.RemoveAll(channel => !channel.IsUsable);
                }

                try
                {
                    if (Usable() is null || _file is null)
                    {
                        await ComeBackAsync();
                    }

                    while (Channels().Count < settings.Channels)
                    {
                        await BindAsync();
                    }

                    return;
                }
                catch (Exception e) when (ChannelFailure.Is(e))
                {
                    report.Count("repairs that failed");
                    last = e;
                }
            }

            throw new InvalidOperationException("The client does not get back.", last);
        }
        finally
        {
            _repairing.Release();
        }
    }

    private async Task BindAsync()
    {
        var channel = await OpenChannelAsync();
        try
        {
            await channel.Connection.NegotiateAsync().WaitAsync(settings.ChannelPatience);
            await _session.BindAsync(channel.Connection, settings.Run.User, settings.Run.Password).WaitAsync(settings.ChannelPatience);
            report.Count("binds");
            lock (_channels)
            {
                _channels.Add(channel);
            }
        }
        catch (Exception e)
        {
            await channel.GiveUpAsync();
            if (Usable() is null)
            {
                throw new EndOfStreamException("The last channel went while another was being bound.", e); // and the keys with it
            }

            throw;
        }
    }

    private async Task<FaultyChannel> OpenChannelAsync() =>
        settings.Run.Rdma is { } rdma && _random.Next(4) > 0
            ? FaultyChannel.Open(rdma, _clientGuid, Answer)
            : await FaultyChannel.OpenAsync(settings.Run.Connect, _clientGuid, Answer);

    private async Task ComeBackAsync()
    {
        var before = _session?.SessionId ?? 0;
        var channel = await OpenChannelAsync();
        try
        {
            _session = await channel.Connection.LogOnAsync(settings.Run.User, settings.Run.Password, before);
            _tree = await _session.ConnectAsync(settings.Run.Share);
            if (settings.Run.Rdma is not null)
            {
                RdmaPlace.Protect(_session, number);
            }

            if (_file is { } old && _durable && await TryReconnectAsync(old) is { } reconnected)
            {
                report.Count("durable reconnects");
                _file = reconnected;
            }
            else
            {
                _file = await OpenAsync();
            }

            Interlocked.Increment(ref _generation);
            lock (_channels)
            {
                _channels.Add(channel);
            }
        }
        catch (Exception)
        {
            await channel.GiveUpAsync();
            throw;
        }
    }

    private async Task<SmbTestFile> OpenAsync()
    {
        var response = await CreateAsync((ref CreateContextWriter writer) =>
        {
            writer.Lease(Lease());
            writer.AskDurableHandleV2(new DurableHandleRequestV2(60_000, DurableHandleFlags.None, _createGuid));
        });
        response.Expect(NtStatus.Success);
        var answer = CreateAnswer.Parse(response.Message);
        _durable = answer.Find(CreateContextName.DurableHandleRequestV2) is not null;
        report.Count(_durable ? "durable opens" : "opens");
        var file = new SmbTestFile(_tree, answer);
        var status = await file.LockAsync(LockAt, 16);
        if (status != NtStatus.Success)
        {
            report.Wrong(_who, $"the lock of a new open was answered with {status}");
        }

        return file;
    }

    private async Task<SmbTestFile?> TryReconnectAsync(SmbTestFile old)
    {
        var response = await CreateAsync((ref CreateContextWriter writer) =>
        {
            writer.Lease(Lease());
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(old.FileId, _createGuid, DurableHandleFlags.None));
        });
        if (response.Status == NtStatus.ObjectNameNotFound)
        {
            report.Count("durable opens lost");
            return null;
        }

        response.Expect(NtStatus.Success);
        var file = new SmbTestFile(_tree, CreateAnswer.Parse(response.Message));

        // The lock came back with the open: nobody locks a range twice, its owner neither.
        var status = await file.LockAsync(LockAt, 16);
        if (status != NtStatus.LockNotGranted)
        {
            report.Wrong(_who, $"the lock of a durable open did not survive: {status}");
        }

        return file;
    }

    private Task<SmbTestResponse> CreateAsync(WriteCreateContexts contexts) => _tree.CallAsync(
        Smb2Command.Create,
        RequestBody.Create(
            Name, SmbTestTree.ReadWrite, CreateDisposition.OpenIf, oplock: Smb2OplockLevel.Lease, contexts: contexts));

    private LeaseContext Lease() => new()
    {
        Version = 2, LeaseKey = _leaseKey, State = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle,
    };

    /// <summary>What comes unasked is the answer to a duplicate, or a break, which is acknowledged on whatever channel there is.</summary>
    private void Answer(SmbTestResponse message)
    {
        if (message.Command != Smb2Command.OplockBreak)
        {
            return;
        }

        report.Count("breaks");
        var notice = BreakAnswer.Parse(message.Message);
        if (notice.AcknowledgmentRequired)
        {
            _ = Task.Run(() => AcknowledgeAsync(notice));
        }
    }

    private async Task AcknowledgeAsync(BreakAnswer notice)
    {
        try
        {
            // Not a request on an open: it has no channel sequence. When it is too late, the server has said so.
            var body = RequestBody.LeaseBreakAcknowledgment(notice.LeaseKey, notice.NewState);
            var response = await RequestAsync(file => file.Tree.Request(Smb2Command.OplockBreak, body));
            report.Count(response.Status == NtStatus.Success ? "breaks answered" : "breaks answered too late");
        }
        catch (ObjectDisposedException) when (_isOver)
        {
            // The break came as the last of the client, whose file is closed.
        }
        catch (Exception e)
        {
            report.Wrong(_who, $"a break could not be answered: {e.Message}");
        }
    }

    private async Task EndAsync()
    {
        await RepairAsync(_generation);
        for (var block = 0; block < BlockContent.PerFile; block++)
        {
            await CheckAsync(block);
            var (executed, repeated, stale) = ledger.Judge(Name, block * BlockContent.Size);
            report.Count("executed", executed);
            report.Count("replays of what had been executed", repeated.Count);
            foreach (var version in repeated.Where(version => !_replayed.ContainsKey((block, version))))
            {
                report.Wrong(_who, $"version {version} of block {block} was sent once and executed twice");
            }

            if (stale > 0)
            {
                report.Wrong(_who, $"{stale} writes of block {block} were executed after newer ones");
            }
        }

        var closed = await RequestAsync(file => file.Tree.Request(Smb2Command.Close, RequestBody.Close(file.FileId)));
        if (closed.Status != NtStatus.Success)
        {
            report.Wrong(_who, $"the close was answered with {closed.Status}");
        }
    }

    private List<FaultyChannel> Channels()
    {
        lock (_channels)
        {
            return [.. _channels];
        }
    }

    private FaultyChannel? Usable()
    {
        lock (_channels)
        {
            var usable = _channels.Where(channel => channel.IsUsable).ToList();
            return usable.Count == 0 ? null : usable[Random.Shared.Next(usable.Count)];
        }
    }
}
