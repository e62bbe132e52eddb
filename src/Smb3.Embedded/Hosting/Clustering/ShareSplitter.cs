using Smb3.Embedded.Cluster;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Splits clustered shares that are served here at folders, and joins what was split.</summary>
internal sealed class ShareSplitter(ClusterLife life)
{
    /// <summary>Makes a folder a part of its own.</summary>
    /// <param name="share">The name of the share.</param>
    /// <param name="path">The folder.</param>
    /// <param name="closesOpens">Whether what clients have open there is closed; otherwise that keeps the share from being split.</param>
    /// <param name="origin">Who wants it.</param>
    /// <param name="cancellationToken">Ends the wait; the share may be split all the same.</param>
    /// <returns>The name of the part.</returns>
    public async Task<string> SplitAsync(string share, string path, bool closesOpens, PartOrigin origin, CancellationToken cancellationToken)
    {
        var (whole, volume) = FindServed(share);
        var folder = await FindFolderAsync(whole, volume, path, cancellationToken).ConfigureAwait(false);
        Check(whole.Share, volume, folder);
        if (!closesOpens)
        {
            CheckUnused(whole.Share, volume, folder);
        }

        await RaiseLevelAsync(cancellationToken).ConfigureAwait(false);
        var name = PartName.New(whole.Share, origin);
        using var recall = closesOpens ? await RecallAsync(whole.Share, volume, folder, cancellationToken).ConfigureAwait(false) : null;
        await life.Work.InterruptAsync(new ShareInterruption(
            [whole],
            (_, found, token) => PrepareAsync(whole, found, folder, closesOpens, token),
            (owned, token) => life.Store.AddPartAsync(owned[0], name, folder.Text, token))).WaitAsync(cancellationToken).ConfigureAwait(false);
        await UntilOwnedAsync(whole.Share, cancellationToken).ConfigureAwait(false);
        await UntilOwnedAsync(name, cancellationToken).ConfigureAwait(false);
        return name;
    }

    /// <summary>Ends a part; the folder is served with the rest of its share again.</summary>
    public async Task JoinAsync(string share, string path, CancellationToken cancellationToken)
    {
        var (whole, _) = FindServed(share);
        var folder = Parse(path);
        var part = life.Outlook.Picture.PartsOf(whole.Share).FirstOrDefault(part => folder.Text.Equals(part.Folder, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"Share '{share}' is not split at '{path}'.", nameof(path));
        if (!await life.Store.RequestMoveAsync(part.Share, life.Node, long.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"The part '{path}' of share '{share}' cannot come to this node: it is no member of the cluster.");
        }

        var holding = await UntilServedAsync(part.Share, cancellationToken).ConfigureAwait(false);
        if (life.VolumeOf(part.Share) is { } volume)
        {
            CheckUnused(part.Share, volume);
        }

        await life.Work.InterruptAsync(new ShareInterruption(
            [whole, holding],
            (name, volume, _) =>
            {
                if (name != whole.Share)
                {
                    CheckUnused(name, volume);
                }

                return Task.CompletedTask;
            },
            (owned, token) => life.Store.RemovePartAsync(owned[0], owned[1], token))).WaitAsync(cancellationToken).ConfigureAwait(false);
        await UntilOwnedAsync(whole.Share, cancellationToken).ConfigureAwait(false);
    }

    private static StorePath Parse(string path) =>
        FilePath.Parse(path.Replace('/', '\\').Trim('\\'), FileNames.MaxLength, out var parsed) == Nt.NtStatus.Success
            && parsed is { Path.IsRoot: false, Stream: FilePath.StreamKind.Unsaid }
            ? parsed.Path : throw new ArgumentException($"'{path}' is no path of a folder below the root of a share.", nameof(path));

    /// <summary>The folder as it is spelled, if it can be a part.</summary>
    private static async Task<StorePath> FindFolderAsync(ShareHolding whole, Volume volume, string path, CancellationToken cancellationToken)
    {
        var opened = await volume.Store.OpenAsync(Parse(path), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            throw new ArgumentException($"Share '{whole.Share}' has no folder '{path}' that can be opened ({opened.Status}).", nameof(path));
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded || !metadata.Value.IsDirectory)
        {
            throw new ArgumentException($"'{path}' of share '{whole.Share}' is no folder.", nameof(path));
        }

        var folder = volume.PathOf(handle);
        if (handle is IFinalPathFile { FinalPath: { } final } && !volume.SamePath(final, folder))
        {
            throw new ArgumentException($"'{path}' of share '{whole.Share}' is, or leads through, a symbolic link; name '{final}' itself.", nameof(path));
        }

        return folder;
    }

    /// <summary>Whether a share can be split at a folder as it is now.</summary>
    private static void Check(string share, Volume volume, StorePath folder)
    {
        if (volume.Territory is { } territory
            && (territory.TryFindSeam(folder.Text, out _, out _) || territory.HasSeamAtOrBelow(folder)))
        {
            throw new InvalidOperationException($"Share '{share}' is split at '{folder}' already, or above or below it; parts are not split again.");
        }
    }

    private static void CheckUnused(string share, Volume volume, StorePath folder)
    {
        if (volume.GetOpens().Count(open => IsIn(open, folder)) is var used and > 0)
        {
            throw new InvalidOperationException($"Share '{share}' cannot be split at '{folder}' while clients have {used} files or folders open there.");
        }
    }

    private static bool IsIn(FileOpen open, StorePath folder) =>
        open.Volume.SamePath(open.Path, folder) || open.Path.IsBelow(folder, open.Volume.NameComparison);

    /// <summary>
    /// Has clients write back what they cache in a folder, and close what they only keep open: handles do not go along, and what is written back
    /// before is not lost with them.
    /// </summary>
    private static async Task<CacheRecall> RecallAsync(string share, Volume volume, StorePath folder, CancellationToken cancellationToken)
    {
        var recall = CacheRecall.TryBegin(volume, folder)
            ?? throw new InvalidOperationException($"Share '{share}' is being split already.");
        try
        {
            return await recall.WaitAsync(cancellationToken).ConfigureAwait(false) ? recall
                : throw new InvalidOperationException(
                    $"Share '{share}' cannot be split at '{folder}' yet: a client that is away may have cached what it has to write there.");
        }
        catch
        {
            recall.Dispose();
            throw;
        }
    }

    /// <summary>The last moment before a folder becomes a part: no request is in work.</summary>
    private async Task PrepareAsync(ShareHolding whole, Volume volume, StorePath folder, bool closesOpens, CancellationToken cancellationToken)
    {
        if (!volume.SamePath(folder, await FindFolderAsync(whole, volume, folder.Text, cancellationToken).ConfigureAwait(false)))
        {
            throw new InvalidOperationException($"The folder '{folder}' of share '{whole.Share}' was moved.");
        }

        Check(whole.Share, volume, folder);
        if (closesOpens)
        {
            await life.EndOpensAsync(whole.Share, open => IsIn(open, folder), cancellationToken).ConfigureAwait(false);
        }

        CheckUnused(whole.Share, volume, folder);
    }

    private static void CheckUnused(string part, Volume volume)
    {
        if (volume.OpenCount is var used and > 0)
        {
            throw new InvalidOperationException($"The part '{part}' cannot be joined while clients have {used} files or folders open there.");
        }
    }

    private (ShareHolding Holding, Volume Volume) FindServed(string share)
    {
        if (life.Outlook.Picture.FindShare(share) is not { } found)
        {
            throw new ArgumentException($"There is no clustered share '{share}'.", nameof(share));
        }

        if (found.PartOf is not null)
        {
            throw new ArgumentException($"'{share}' is a part of share '{found.PartOf}'; parts are not split again.", nameof(share));
        }

        return life.Placement.Find(share) is { Phase: HoldingPhase.Serving } holding && life.VolumeOf(share) is { } volume ? (holding, volume)
            : throw new InvalidOperationException(
                $"Share '{share}' is served by {(found.Owner is null ? "no node" : $"node '{found.Owner}'")}, and split and joined where it is served.");
    }

    /// <summary>Keeps nodes out that would serve what is in parts.</summary>
    private async Task RaiseLevelAsync(CancellationToken cancellationToken)
    {
        var settings = (await life.Store.ReadAsync(long.MaxValue, cancellationToken).ConfigureAwait(false)).Settings;
        if (settings.Level < ClusterLimits.PartsLevel)
        {
            await life.Store.ConfigureAsync(settings with { Level = ClusterLimits.PartsLevel }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ShareHolding> UntilServedAsync(string share, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = life.Outlook.Changed;
            if (life.Placement.Find(share) is { Phase: HoldingPhase.Serving } holding && life.VolumeOf(share) is not null)
            {
                return holding;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Until another node has a share, or it is served here.</summary>
    private async Task UntilOwnedAsync(string share, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = life.Outlook.Changed;
            if (life.Outlook.Picture.FindOwner(share) is { } owner
                && (!owner.Node.Name.Equals(life.Node, StringComparison.OrdinalIgnoreCase) || life.VolumeOf(share) is not null))
            {
                return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
