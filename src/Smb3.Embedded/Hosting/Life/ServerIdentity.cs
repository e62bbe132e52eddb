using Smb3.Embedded.Sessions;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// What a server is known by, and must keep from one process to the next: clients tell servers apart by the GUID, and no open ever gets the
/// persistent id of another.
/// </summary>
/// <param name="ServerGuid">ServerGuid (MS-SMB2 3.3.1.5).</param>
/// <param name="FirstFileId">The number after which those of this run's opens begin.</param>
/// <remarks>
/// Kept in the scope <see cref="Scope"/>, which each start takes over: its fencing token counts the starts. The record is a version byte
/// and the GUID.
/// </remarks>
internal sealed record ServerIdentity(Guid ServerGuid, ulong FirstFileId)
{
    /// <summary>The scope of the server itself.</summary>
    public const string Scope = "server";

    private const string Key = "identity";
    private const byte Version = 1;
    private const int Size = 17;

    /// <summary>Tells the incarnations of nodes of a cluster from the starts of single servers, which are counted too.</summary>
    private const ulong Clustered = 1UL << 63;

    /// <summary>
    /// The same for a node of a cluster: its GUID is kept by its name, and its opens are numbered by its incarnation, which no other node has.
    /// </summary>
    /// <param name="store">The state of the cluster.</param>
    /// <param name="node">The name of the node.</param>
    /// <param name="incarnation">What this run of it is known by.</param>
    /// <param name="serverGuid">The GUID of a node that had none.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async ValueTask<ServerIdentity> RecallAsync(
        IStateStore store, string node, long incarnation, Guid serverGuid, CancellationToken cancellationToken)
    {
        var recalled = await RecallInAsync(store, $"node:{node.ToUpperInvariant()}", serverGuid, cancellationToken).ConfigureAwait(false);
        return recalled with { FirstFileId = Clustered | ((ulong)incarnation << ServerGraph.RunShift) };
    }

    /// <summary>Counts this start, and finds the GUID of the earlier ones, or keeps this one for the later ones.</summary>
    /// <param name="store">The state store.</param>
    /// <param name="serverGuid">The GUID of a server that had none.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static ValueTask<ServerIdentity> RecallAsync(IStateStore store, Guid serverGuid, CancellationToken cancellationToken) =>
        RecallInAsync(store, Scope, serverGuid, cancellationToken);

    private static async ValueTask<ServerIdentity> RecallInAsync(
        IStateStore store, string scope, Guid serverGuid, CancellationToken cancellationToken)
    {
        var start = await store.AcquireAsync(scope, cancellationToken).ConfigureAwait(false);
        var firstFileId = (ulong)start << ServerGraph.RunShift;
        foreach (var record in await store.ReadAsync(scope, cancellationToken).ConfigureAwait(false))
        {
            if (record.Key == Key && record.Value.Length == Size && record.Value.Span[0] == Version)
            {
                return new ServerIdentity(new Guid(record.Value.Span[1..]), firstFileId);
            }
        }

        var value = new byte[Size];
        value[0] = Version;
        serverGuid.TryWriteBytes(value.AsSpan(1));
        await store.CommitAsync(scope, start, [new StateChange(Key, value)], cancellationToken).ConfigureAwait(false);
        return new ServerIdentity(serverGuid, firstFileId);
    }
}
