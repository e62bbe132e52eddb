using Smb3.Embedded.Cluster;
using Smb3.Embedded.Files;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Does with the server's shares what the placement decides.</summary>
/// <param name="store">Where the state of shares is.</param>
/// <param name="shares">The shares.</param>
/// <param name="fenceStorage">Keeps another node away from the storage.</param>
/// <param name="time">The clock.</param>
internal sealed class ShareKeeper(
    IClusterStore store, OwnedShares shares, Func<SmbFencedNode, CancellationToken, Task>? fenceStorage, TimeProvider time)
{
    /// <summary>How long a move waits for requests that have begun, and for a store to close what is open.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>How long one waits for opens to be closed that shall not go along, while clients wait.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(5);

    /// <summary>How many opens are closed at the same time.</summary>
    private const int ClosedAtOnce = 64;

    /// <summary>The clients whose share went elsewhere.</summary>
    public StrandedClients Stranded { get; } = new(time);

    /// <summary>Whether it is counted which folders of shares are used.</summary>
    public bool CountsFolders { get; init; }

    private volatile ServerRun? _run;
    private CancellationToken _stopping;

    /// <summary>The names of the clustered shares that this node can serve.</summary>
    public IEnumerable<string> Shares => shares.Known.Keys;

    /// <summary>The server serves from here on.</summary>
    /// <param name="run">Its run.</param>
    /// <param name="stopping">The server stops, and closes all shares itself.</param>
    public void Begin(ServerRun run, CancellationToken stopping)
    {
        _stopping = stopping;
        _run = run;
    }

    public bool Knows(string share) => shares.Known.ContainsKey(share);

    public bool IsServed(string share) => shares.IsServed(share);

    /// <summary>The files of a share that is served here.</summary>
    public Volume? VolumeOf(string share) => _run?.Graph.Shares.Find(share)?.Volume;

    /// <summary>Makes the parts known of which the cluster tells.</summary>
    public ValueTask ShowPartsAsync(ClusterPicture picture, CancellationToken cancellationToken) => shares.ShowPartsAsync(
        picture.Parts.Select(static part => new SharePart(part.Share, part.PartOf!, part.Folder!)).ToHashSet(), cancellationToken);

    /// <summary>Serves a share that was taken.</summary>
    /// <param name="ownership">On what terms.</param>
    /// <param name="term">The membership.</param>
    /// <param name="lost">Who has lost it without giving it up.</param>
    /// <param name="takenOver">Told when another node has taken it over.</param>
    /// <param name="parts">Its folders that are parts of their own.</param>
    public async Task OpenAsync(
        ClusterOwnership ownership, MemberTerm term, SmbFencedNode? lost, Action takenOver, IReadOnlyList<string> parts)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(term.Over, _stopping);
        if (lost is not null && fenceStorage is not null)
        {
            await fenceStorage(lost, either.Token).ConfigureAwait(false);
        }

        // One that is served already was taken anew because it was changed, or because the answer was lost.
        await shares.CloseAsync(ownership.Share, either.Token).ConfigureAwait(false);
        var owned = new OwnedVolume(store.OpenState(ownership), term.Lease, takenOver, parts) { CountsFolders = CountsFolders };
        if (!await shares.OpenAsync(ownership.Share, owned, either.Token).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"Share '{ownership.Share}' was removed.");
        }
    }

    /// <summary>
    /// Whether clients use a share that come back to this node for as long as it accepts their connections, and go to another one when it
    /// does not.
    /// </summary>
    public bool HasFollowers(string share) => _run?.Graph.Shares.Find(share) is { } served
        && served.Trees.Any(static tree => !tree.CanBeRedirected && tree.Session.FollowsDfs);

    /// <summary>Puts the fence of a share up: from this call on nothing is answered for it, and nothing is done to its files.</summary>
    public void Fence(string share)
    {
        if (_run is { } run)
        {
            if (run.Graph.Shares.Find(share) is { } served)
            {
                Stranded.AddAll(served);
                run.Cut(served);
            }

            run.Graph.Shares.Fence(share);
        }
    }

    /// <summary>Closes a share that was fenced.</summary>
    public Task CloseAsync(string share) => shares.CloseAsync(share, _stopping);

    /// <summary>
    /// Stops serving a share, for another node to go on: what was begun is finished, what clients have open stays in the state, and they
    /// connect again.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="prepare">Called once nothing is in work any more; throws when it must not be.</param>
    /// <param name="cancellationToken">Ends it before it is suspended.</param>
    /// <exception cref="IOException">The state could not be kept; the share is served as before.</exception>
    public async Task SuspendAsync(string name, Func<Volume, Task>? prepare, CancellationToken cancellationToken)
    {
        if (_run is not { } run || run.Graph.Shares.Find(name) is not { Volume: { } volume } share)
        {
            return;
        }

        share.IsLeaving = true;
        Stranded.AddAll(share);
        try
        {
            await run.DrainAsync(share, Patience).ConfigureAwait(false);
            await (prepare?.Invoke(volume) ?? Task.CompletedTask).ConfigureAwait(false);
            await CommitAsync(volume, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            share.IsLeaving = false;
            throw;
        }

        var closing = CloseAsync(run, share);
        await closing.WaitAsync(Patience, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // A store that takes longer is not waited for, and an answer that has not left does not leave any more.
        run.Graph.Shares.Fence(name);
        volume.Fence.Raise();
        await closing.ConfigureAwait(false);
    }

    /// <summary>Closes what clients have open on a share, connected or not, as they would themselves.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="which">What of it.</param>
    /// <param name="cancellationToken">Ends it between two of them.</param>
    /// <exception cref="TimeoutException">The store did not close all of them in time; they are closed all the same when it does.</exception>
    public async Task EndOpensAsync(string name, Predicate<FileOpen> which, CancellationToken cancellationToken)
    {
        if (_run is not { } run || run.Graph.Shares.Find(name) is not { } share)
        {
            return;
        }

        var connected = share.Trees.SelectMany(static tree => tree.Session.Opens.AllToTheEnd.Where(open => open.TreeConnect == tree))
            .OfType<FileHandle>().Where(open => which(open.File)).Select(static open => (Func<ValueTask>)(async () => await open.EndAsync().ConfigureAwait(false)));
        var waiting = run.Graph.Opens.All.Where(open => open.Share == share.Name && which(open.File)).Select(static open => (Func<ValueTask>)open.ForceCloseAsync);
        foreach (var ends in new[] { connected.ToArray(), waiting.ToArray() })
        {
            // Several at a time, so that what the journal has to keep of them is kept together.
            await Parallel.ForEachAsync(
                ends, new ParallelOptions { MaxDegreeOfParallelism = ClosedAtOnce, CancellationToken = cancellationToken }, static (end, _) => end())
                .WaitAsync(LongPatience, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task CommitAsync(Volume volume, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (volume.Options.Journal is { } journal && await journal.CommitAsync().ConfigureAwait(false) is var status && status != NtStatus.Success)
        {
            throw new IOException($"What clients have open could not be kept ({status}).");
        }
    }

    private async Task CloseAsync(ServerRun run, Share share)
    {
        // Sessions that have found another connection in the meantime lose what they have here all the same.
        foreach (var tree in share.Trees.ToArray())
        {
            await tree.EndAsync(SessionEnd.Lost).ConfigureAwait(false);
        }

        if (share.Volume?.Options.Journal is { } journal)
        {
            _ = await journal.EndAsync().ConfigureAwait(false);
        }

        await run.Graph.Opens.SuspendAsync(share.Name).ConfigureAwait(false);
        await shares.CloseAsync(share.Name, _stopping).ConfigureAwait(false);
    }
}
