using System.Collections.Concurrent;
using System.Diagnostics;
using Smb3.Embedded.Contention.Faults;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>
/// A client with one to four channels whose server dies. It does what MS-SMB2 has clients do: it binds a new channel in place of one that
/// failed, with the next channel sequence, and when none is left it waits for the server, logs on again and names its old session. Its opens
/// (<see cref="PersistentOpen"/>) come back by themselves, each when it is needed again.
/// </summary>
/// <param name="number">Which client it is, from 1 on.</param>
/// <param name="settings">The run.</param>
/// <param name="servers">The servers.</param>
/// <param name="report">What has been done.</param>
/// <param name="seam">The folder that it stays in, wherever that is; null: the share.</param>
internal sealed class CrashClient(int number, CrashSettings settings, IServers servers, RunReport report, Seam? seam = null) : IAsyncDisposable
{
    // A call waits 20 s for itself; this is for what has no call.
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    private readonly Guid _clientGuid = new(settings.Run.Seed, (short)number, 5, new byte[8]);
    private readonly List<FaultyChannel> _channels = [];
    private readonly ConcurrentDictionary<Guid, HeldLease> _leases = new();
    private readonly ConcurrentDictionary<PersistentOpen, bool> _opens = new();
    private readonly SemaphoreSlim _repairing = new(1);
    private SmbTestTree? _tree;
    private Place _place = new(settings.Run.Share);
    private int _session;
    private int _sequence;
    private Guid? _serverGuid;
    private long _lastCut;

    public int Number => number;

    public string Who { get; } = $"client {number}";

    public CrashSettings Settings => settings;

    public IServers Servers => servers;

    public RunReport Report => report;

    /// <summary>The folder that it stays in, wherever that is; null: the share.</summary>
    public Seam? Seam => seam;

    /// <summary>The folder in which everything of it is.</summary>
    public string Folder => seam?.Folder ?? settings.Run.Folder;

    private int Channels => ((number - 1) % 4) + 1;

    /// <summary>A lease key that has not been used before.</summary>
    public HeldLease NewLease()
    {
        var lease = new HeldLease(Guid.NewGuid());
        _leases[lease.Key] = lease;
        return lease;
    }

    /// <summary>A handle that is to come back with every session.</summary>
    public void Add(PersistentOpen open) => _opens[open] = true;

    /// <summary>A handle that was closed, or never opened.</summary>
    public void Forget(PersistentOpen open)
    {
        _opens.TryRemove(open, out _);
        if (open.Lease is { } lease)
        {
            _leases.TryRemove(lease.Key, out _);
        }
    }

    /// <summary>A session with a channel, however long that takes.</summary>
    public async Task<Standing> StandAsync()
    {
        while (true)
        {
            lock (_channels)
            {
                if (_tree is { } tree && _channels.Exists(static channel => channel.IsUsable))
                {
                    return new Standing(tree, _session, _place);
                }
            }

            await RepairAsync();
        }
    }

    /// <summary>Sends a request once.</summary>
    /// <param name="standing">Where.</param>
    /// <param name="request">The request.</param>
    /// <param name="about">The folder that it is about, if it is not the client's own.</param>
    /// <returns>Its answer; null: none came, and nobody knows whether it was carried out.</returns>
    public async Task<SmbTestResponse?> AttemptAsync(Standing standing, SmbTestRequest request, Seam? about = null)
    {
        if (Usable(standing) is not { } channel)
        {
            return null;
        }

        var sequence = Volatile.Read(ref _sequence);
        try
        {
            var sent = DateTime.UtcNow;
            var call = await channel.Connection.SendAsync(request with { ChannelSequence = (ushort)sequence }).WaitAsync(StepPatience);
            var response = await call.ResponseAsync();
            if (response.Status is NtStatus.UserSessionDeleted or NtStatus.NetworkNameDeleted)
            {
                await LoseAsync(standing);
                return null;
            }

            if (request.TreeId != 0)
            {
                servers.Answered(channel.Server, standing.Place, (about ?? seam)?.Folder, response.Status, sent, DateTime.UtcNow);
            }

            return response;
        }
        catch (Exception e) when (ChannelFailure.Is(e))
        {
            await FailAsync(channel, sequence);
            return null;
        }
    }

    /// <summary>The session is of no use any more: all its channels are given up, and the next one is another.</summary>
    public async Task LoseAsync(Standing standing)
    {
        if (standing.Session != Volatile.Read(ref _session))
        {
            return;
        }

        report.Count("sessions given up");
        foreach (var channel in All())
        {
            await channel.GiveUpAsync();
        }
    }

    /// <summary>
    /// Waits until everything that the server sent before has arrived, over whatever channel.
    /// </summary>
    /// <returns>Whether that is certain: no channel has failed lately.</returns>
    public async Task<bool> FenceAsync()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastCut)) < Settling)
        {
            return false;
        }

        var before = Volatile.Read(ref _sequence);
        try
        {
            await Task.WhenAll(All().Select(static channel => channel.Connection.EchoAsync()));
        }
        catch (Exception e) when (ChannelFailure.Is(e))
        {
            return false;
        }

        return before == Volatile.Read(ref _sequence) && All().All(static channel => channel.IsUsable);
    }

    /// <summary>
    /// Cuts channels now and then, until the server is killed no more. Every third client has none cut: only while no break can be lost with a
    /// channel does it say something what a client finds in its cache.
    /// </summary>
    public async Task CutAsync(Random random)
    {
        while (!servers.IsOver && number % 3 != 0)
        {
            await Task.Delay(random.Next(200, 4000));
            if (Usable(null) is { } channel)
            {
                report.Count("cuts");
                Volatile.Write(ref _lastCut, Stopwatch.GetTimestamp());
                channel.Cut(random);
            }
        }
    }

    /// <summary>Logs off; nothing is open any more.</summary>
    public async Task LogOffAsync()
    {
        for (var tries = 0; tries < 20; tries++)
        {
            var standing = await StandAsync();
            var response = await AttemptAsync(standing, standing.Tree.Session.Request(Smb2Command.Logoff, RequestBody.Empty()));
            if (response is not null)
            {
                response.Expect(NtStatus.Success);
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in All())
        {
            channel.Release();
            await channel.GiveUpAsync();
        }

        _repairing.Dispose();
    }

    private async Task FailAsync(FaultyChannel channel, int sequence)
    {
        // One step for each failure, however many requests it took along (MS-SMB2 3.2.4.1.5).
        if (Interlocked.CompareExchange(ref _sequence, sequence + 1, sequence) == sequence)
        {
            report.Count("channels lost");
        }

        Volatile.Write(ref _lastCut, servers.WhenUp.IsCompleted ? Stopwatch.GetTimestamp() : Volatile.Read(ref _lastCut));
        await channel.GiveUpAsync();
        await RepairAsync();
    }

    private async Task RepairAsync()
    {
        await _repairing.WaitAsync();
        try
        {
            var watch = Stopwatch.StartNew();
            for (var tries = 0; ; tries++)
            {
                lock (_channels)
                {
                    _channels.RemoveAll(static channel => !channel.IsUsable);
                }

                try
                {
                    if (Usable(null) is null)
                    {
                        await servers.WhenUp.WaitAsync(settings.Patience);
                        await ComeBackAsync();
                    }

                    while (All().Count < Channels)
                    {
                        await BindAsync();
                    }

                    return;
                }
                catch (Exception e) when (ChannelFailure.Is(e))
                {
                    report.Count("repairs that failed");
                    if (!report.IsFine)
                    {
                        throw new OperationCanceledException("Something else is wrong.", e);
                    }

                    if (watch.Elapsed > settings.Patience)
                    {
                        throw new InvalidOperationException("The client does not get back.", e);
                    }
                }

                await Task.Delay(Math.Min(10 * (tries + 1), 200));
            }
        }
        finally
        {
            _repairing.Release();
        }
    }

    /// <summary>Takes all handles up again, in any order, as soon as there is a session.</summary>
    private async Task TakeUpAsync(Standing standing)
    {
        var opens = _opens.Keys.ToArray();
        Random.Shared.Shuffle(opens);
        foreach (var open in opens)
        {
            try
            {
                await open.TakeUpAsync(standing);
            }
            catch (Exception e) when (e is OperationCanceledException or InvalidOperationException || ChannelFailure.Is(e))
            {
                return; // whoever uses the handle sees it too
            }
        }
    }

    private async Task BindAsync()
    {
        var channel = await OpenAsync();
        try
        {
            await channel.Connection.NegotiateAsync().WaitAsync(StepPatience);
            await _tree!.Session.BindAsync(channel.Connection, settings.Run.User, settings.Run.Password).WaitAsync(StepPatience);
            report.Count("binds");
            Add(channel);
        }
        catch (Exception e)
        {
            await channel.GiveUpAsync();
            if (Usable(null) is null)
            {
                throw new EndOfStreamException("The last channel went while another was being bound.", e); // and the keys with it
            }

            throw;
        }
    }

    private async Task ComeBackAsync()
    {
        FaultyChannel? channel = null;
        try
        {
            channel = await OpenAsync();
            var session = await LogOnAsync(channel);
            var place = _place;
            if (seam is not null)
            {
                var referral = await Referral.AskAsync(session, settings.Run.Share, seam.Folder).WaitAsync(StepPatience);
                place = referral.Place;
                report.Count("referrals followed");
                if (servers.Go(number, referral.Targets[0]))
                {
                    await channel.GiveUpAsync();
                    channel = await OpenAsync();
                    session = await LogOnAsync(channel);
                }
            }

            var tree = await session.ConnectAsync(place.Share).WaitAsync(StepPatience);
            var server = channel.Connection.Negotiated!.ServerGuid;
            if (servers.IsOne && server != (_serverGuid ??= server))
            {
                report.Wrong(Who, $"the server is {server} now, and was {_serverGuid}");
            }

            report.Count("sessions");
            lock (_channels)
            {
                _tree = tree;
                _place = place;
                _session++;
                _channels.Add(channel);
            }

            // Others may wait for any of them.
            _ = Task.Run(() => TakeUpAsync(new Standing(tree, _session, place)));
        }
        catch (Exception e)
        {
            await (channel?.GiveUpAsync() ?? ValueTask.CompletedTask);
            if (!servers.IsOne && (e is SmbTestException { Status: NtStatus.BadNetworkName or NtStatus.ShareUnavailable } || ChannelFailure.Is(e)))
            {
                servers.Leave(number);
                throw new EndOfStreamException("The share is not there, or there is nobody.", e);
            }

            throw;
        }
    }

    private Task<SmbTestSession> LogOnAsync(FaultyChannel channel) =>
        channel.Connection.LogOnAsync(settings.Run.User, settings.Run.Password, _tree?.Session.SessionId ?? 0).WaitAsync(StepPatience);

    private Task<FaultyChannel> OpenAsync() => FaultyChannel.OpenAsync(() => servers.ConnectAsync(number), _clientGuid, Answer, servers.NameOf(number));

    private void Add(FaultyChannel channel)
    {
        lock (_channels)
        {
            _channels.Add(channel);
        }
    }

    private List<FaultyChannel> All()
    {
        lock (_channels)
        {
            return [.. _channels];
        }
    }

    private FaultyChannel? Usable(Standing? standing)
    {
        lock (_channels)
        {
            var usable = standing is { } at && at.Session != _session
                ? []
                : _channels.Where(static channel => channel.IsUsable).ToList();
            return usable.Count == 0 ? null : usable[Random.Shared.Next(usable.Count)];
        }
    }

    /// <summary>What comes unasked is the break of a lease. What it forbids is forbidden at once; the answer goes over whatever channel there is.</summary>
    private void Answer(SmbTestResponse message)
    {
        if (message.Command != Smb2Command.OplockBreak)
        {
            return;
        }

        report.Count("breaks");
        var notice = BreakAnswer.Parse(message.Message);
        if (!_leases.TryGetValue(notice.LeaseKey, out var lease))
        {
            return; // of an open that has just been closed
        }

        lease.Break(notice);
        if (notice.AcknowledgmentRequired)
        {
            var session = Volatile.Read(ref _session);
            _ = Task.Run(() => AcknowledgeAsync(lease, notice, session));
        }
    }

    private async Task AcknowledgeAsync(HeldLease lease, BreakAnswer notice, int session)
    {
        try
        {
            var body = RequestBody.LeaseBreakAcknowledgment(notice.LeaseKey, notice.NewState);
            while (true)
            {
                var standing = await StandAsync();
                if (standing.Session != session)
                {
                    // The server tells again what it still waits for, when the open is back.
                    report.Count("breaks left to the next session");
                    return;
                }

                if (await AttemptAsync(standing, standing.Tree.Request(Smb2Command.OplockBreak, body)) is { } response)
                {
                    lease.Acknowledged(notice.Epoch);
                    report.Count(response.Status == NtStatus.Success ? "breaks answered" : "breaks answered too late");
                    return;
                }
            }
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            report.Wrong(Who, $"a break could not be answered: {e.Message}");
        }
    }
}
