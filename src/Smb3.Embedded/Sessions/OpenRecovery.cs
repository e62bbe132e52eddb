using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Restoring;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Recreates the opens that an earlier process has left in the journals of the volumes. It runs when the shares are there but before any
/// client can connect, so that none gets in between; then each open waits for its client.
/// </summary>
/// <param name="graph">Where the opens go.</param>
/// <param name="dropped">Told of an open that does not come back, and why.</param>
internal sealed class OpenRecovery(ServerGraph graph, Action<OpenRecord, NtStatus> dropped)
{
    /// <summary>Recreates them. One open that cannot be recreated keeps no other from coming back.</summary>
    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        foreach (var journal in graph.Shares.All.Select(static share => share.Volume?.Options.Journal).OfType<IOpenJournal>().Distinct())
        {
            var records = await journal.ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (var record in records)
            {
                graph.KeepFileId(record.Durable.PersistentId);
                var status = await TryRestoreAsync(record, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    journal.Forget(record.Durable.PersistentId);
                    dropped(record, status);
                }
            }

            await journal.CommitAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<NtStatus> TryRestoreAsync(OpenRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await RestoreAsync(record, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            graph.Fault?.Invoke(e);
            return NtStatus.UnexpectedIoError;
        }
    }

    private async ValueTask<NtStatus> RestoreAsync(OpenRecord record, CancellationToken cancellationToken)
    {
        if (graph.Shares.Find(record.Durable.Share)?.Volume is not { } volume)
        {
            return NtStatus.BadNetworkName;
        }

        var client = record.Lease is { } lease ? graph.Expect(lease.ClientGuid) : null;
        try
        {
            var restored = await volume.RestoreAsync(record, client?.Leases, sink: null, cancellationToken).ConfigureAwait(false);
            if (!restored.Succeeded)
            {
                return restored.Status;
            }

            var table = graph.Opens;
            var claim = record.Durable.CreateGuid is { } create ? table.TryClaim(record.ClientGuid, create, out _) : null;
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
        finally
        {
            if (client is not null)
            {
                graph.ForgetIfGone(client.ClientGuid);
            }
        }
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
