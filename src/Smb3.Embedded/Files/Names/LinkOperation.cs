using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Names;

/// <summary>Gives a file one more name.</summary>
internal static class LinkOperation
{
    /// <summary>FileLinkInformation: a link without the flags of FileLinkInformationEx.</summary>
    public static ValueTask<NtStatus> LinkAsync(
        this FileOpen open, string newPath, bool replace, Func<CancellationToken>? onWait, CancellationToken cancellationToken) =>
        open.LinkAsync(newPath, replace, ignoreReadOnly: false, onWait, later: null, cancellationToken);

    /// <summary>FileLinkInformation and FileLinkInformationEx (MS-FSA 2.1.5.15.6).</summary>
    /// <param name="open">The open.</param>
    /// <param name="newPath">The new name's path from the root of the share, unchecked.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="ignoreReadOnly">FILE_LINK_IGNORE_READONLY_ATTRIBUTE: a replaced file may be read-only.</param>
    /// <param name="onWait">Called once, before waiting for other clients to close what they cache; its token ends the wait.</param>
    /// <param name="later">What takes the breaks of directory leases behind the answer; <see langword="null"/>: they leave at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> LinkAsync(
        this FileOpen open, string newPath, bool replace, bool ignoreReadOnly, Func<CancellationToken>? onWait, Afterwards? later,
        CancellationToken cancellationToken)
    {
        var status = open.ParseTarget(newPath, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (open.IsDirectory)
        {
            return NtStatus.FileIsADirectory;
        }

        if (open.File.IsStream)
        {
            return NtStatus.InvalidParameter;
        }

        if (!open.Volume.Store.Traits.Has(StoreAbilities.HardLinks))
        {
            return NtStatus.NotSupported;
        }

        if (open.Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        target = await open.Volume.ShortNames.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        if (open.Volume.LeadsAcrossSeam(target))
        {
            return NtStatus.NotSameDevice;
        }

        var wait = new HandleWait(onWait);
        return await open.ChangeNameAsync(wait, LinkInTurnAsync, cancellationToken).ConfigureAwait(false);

        async ValueTask<NtStatus> LinkInTurnAsync()
        {
            using var turn = await open.LockPathsAsync(target, withTrees: false, cancellationToken).ConfigureAwait(false);
            return await open.LinkAsync(target, replace, ignoreReadOnly, wait, later, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Links the open's file when it has its turn on both names.</summary>
    private static async ValueTask<NtStatus> LinkAsync(
        this FileOpen open, StorePath target, bool replace, bool ignoreReadOnly, HandleWait wait, Afterwards? later,
        CancellationToken cancellationToken)
    {
        if (open.IsDeletePending)
        {
            return NtStatus.AccessDenied;
        }

        var checkedTarget = await open.CheckTargetAsync(
            target, replace, open.State.IsPosix, ignoreReadOnly, OperationRights.Of(FileOperation.Link), wait, cancellationToken)
            .ConfigureAwait(false);
        if (!checkedTarget.Succeeded || wait.IsNeeded)
        {
            return checkedTarget.Status;
        }

        var source = open.Path;
        var victim = checkedTarget.Value;
        if (open.Observation is { } observation
            && await observation.AskLinkAsync(open.Volume.Store, source, target, victim is not null, cancellationToken)
                .ConfigureAwait(false) is var answer and not NtStatus.Success)
        {
            return answer;
        }

        if (victim is { } existing && existing.FileId == open.File.FileId)
        {
            return NtStatus.Success;
        }

        var seers = victim is null ? null : await open.Volume.Watches.FindSeersAsync(target).ConfigureAwait(false);
        var status = await open.Volume.Store.LinkAsync(source, target, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await open.RaiseAppearedAsync(target, victim, seers, later).ConfigureAwait(false);
        }

        return status;
    }

    private static async ValueTask RaiseAppearedAsync(
        this FileOpen open, StorePath path, NameTarget.StoreVictim? replaced, IReadOnlySet<DirectoryWatch>? seers, Afterwards? later)
    {
        if (replaced is not null)
        {
            await open.Volume.RaiseAsync(new FileChange(ChangeAction.Removed, path, ChangeFilter.FileName, seers), open, later)
                .ConfigureAwait(false);
        }

        await open.Volume.RaiseAsync(new FileChange(ChangeAction.Added, path, ChangeFilter.FileName), open, later).ConfigureAwait(false);
    }
}
