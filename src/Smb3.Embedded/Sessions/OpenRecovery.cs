using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Restoring;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Recreates the opens that an earlier process has left in the journals of the volumes. It runs when the shares are there but before any
/// client can use them, so that none gets in between; then each open waits for its client, and its time runs from there.
/// </summary>
/// <param name="graph">Where the opens go.</param>
/// <param name="report">Told of every volume that had opens, and of every open that does not come back.</param>
internal sealed class OpenRecovery(ServerGraph graph, IRecoveryReport report)
{
    /// <summary>How many opens are recreated at the same time. Each costs some calls of the store, which may wait.</summary>
    private static readonly int Width = Math.Clamp(Environment.ProcessorCount, 2, 16);

    /// <summary>How often a long recovery says how far it is.</summary>
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Recreates the opens of the volumes of <paramref name="shares"/> whose journals have not been read yet. One that cannot be recreated
    /// keeps no other from coming back.
    /// </summary>
    public async ValueTask RunAsync(IEnumerable<Share> shares, CancellationToken cancellationToken)
    {
        foreach (var served in shares.Where(static share => share.Volume is not null).GroupBy(static share => share.Volume!).ToList())
        {
            if (served.Key.Options.Journal is { IsOpen: false } journal)
            {
                var names = served.Select(static share => share.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
                await RunAsync(served.Key, journal, names, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask RunAsync(Volume volume, IOpenJournal journal, HashSet<string> shares, CancellationToken cancellationToken)
    {
        var time = graph.Settings.TimeProvider;
        var began = time.GetTimestamp();
        var records = await journal.ReadAsync(cancellationToken).ConfigureAwait(false);
        var done = 0;
        var dropped = 0;
        var unmade = 0;

        // Leases are found by their clients, which stay known for as long as any of their opens is still to come.
        var clients = records.Where(static record => record.Lease is not null).Select(static record => record.Lease!.ClientGuid).Distinct()
            .ToDictionary(static client => client, graph.Expect);
        foreach (var record in records)
        {
            graph.KeepFileId(record.Durable.PersistentId);
        }

        try
        {
            using var reporting = time.CreateTimer(
                _ => report.Progress(volume.Options.Name, Volatile.Read(ref done), records.Count), null, ReportPeriod, ReportPeriod);
            await Parallel.ForEachAsync(
                records,
                new ParallelOptions { MaxDegreeOfParallelism = Width, CancellationToken = cancellationToken },
                async (record, token) =>
                {
                    var status = shares.Contains(record.Durable.Share)
                        ? await TryRestoreAsync(volume, record, clients, token).ConfigureAwait(false) : NtStatus.BadNetworkName;
                    if (record.HasDoneNothing(status))
                    {
                        Interlocked.Increment(ref unmade);
                        journal.Forget(record.Durable.PersistentId); // its client sends the CREATE again
                    }
                    else if (status != NtStatus.Success)
                    {
                        Interlocked.Increment(ref dropped);
                        journal.Forget(record.Durable.PersistentId);
                        report.Dropped(record, status);
                    }

                    Interlocked.Increment(ref done);
                }).ConfigureAwait(false);
        }
        finally
        {
            foreach (var client in clients.Values)
            {
                graph.StopExpecting(client);
            }
        }

        // What could not be forgotten now stays noted; it would only be dropped once more.
        _ = await journal.CommitAsync().ConfigureAwait(false);
        if (records.Count > unmade)
        {
            report.Recovered(volume.Options.Name, done - dropped - unmade, dropped, time.GetElapsedTime(began));
        }
    }

    private async ValueTask<NtStatus> TryRestoreAsync(
        Volume volume, OpenRecord record, Dictionary<Guid, Client> clients, CancellationToken cancellationToken)
    {
        try
        {
            return await RestoreAsync(volume, record, clients, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            graph.Fault?.Invoke(e);
            return NtStatus.UnexpectedIoError;
        }
    }

    private async ValueTask<NtStatus> RestoreAsync(
        Volume volume, OpenRecord record, Dictionary<Guid, Client> clients, CancellationToken cancellationToken)
    {
        var leases = record.Lease is { } lease ? clients[lease.ClientGuid].Leases : null;
        var restored = await volume.RestoreAsync(record, leases, sink: null, cancellationToken).ConfigureAwait(false);
        if (!restored.Succeeded)
        {
            return restored.Status;
        }

        var table = graph.Opens;
        var claim = record.Durable.CreateGuid is { } create ? table.TryClaim(record.ClientGuid, create, volume.Fence, out _) : null;
        var open = new GlobalOpen(table, restored.Value, OwnerOf(record), claim);
        table.Add(open);
        if (table.TryKeep(open))
        {
            return NtStatus.Success;
        }

        // Counted in because the close gives the place back.
        table.KeepToClose(open);
        await open.CloseAsync().ConfigureAwait(false);
        return NtStatus.InsufficientResources;
    }

    private static SecurityToken OwnerOf(OpenRecord record) => new()
    {
        Identity = new SmbIdentity
        {
            UserName = record.Durable.Owner,
            DomainName = record.Durable.OwnerDomain,
            AccountDomain = record.Durable.OwnerDomain,
        },
        Authorization = record.Caller.Authorization,
        Mechanism = string.Empty,
        IsSidFromName = record.Durable.IsOwnerSidFromName,
    };
}

/// <summary>Told how a recovery goes. Called from several threads.</summary>
internal interface IRecoveryReport
{
    /// <summary>It takes long; so far it is this far.</summary>
    void Progress(string volume, int done, int count);

    /// <summary>An open does not come back.</summary>
    void Dropped(OpenRecord record, NtStatus why);

    /// <summary>A volume has its opens back.</summary>
    void Recovered(string volume, int restored, int dropped, TimeSpan took);
}
