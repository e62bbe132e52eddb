using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Names;

/// <summary>Renames a file or directory.</summary>
internal static class RenameOperation
{
    /// <summary>FileRenameInformation: a rename without the flags of FileRenameInformationEx.</summary>
    public static ValueTask<NtStatus> RenameAsync(
        this FileOpen open, string newPath, bool replace, bool posix, Func<CancellationToken>? onWait, CancellationToken cancellationToken) =>
        open.RenameAsync(newPath, replace, posix, ignoreReadOnly: false, onWait, later: null, cancellationToken);

    /// <summary>FileRenameInformation and FileRenameInformationEx (MS-FSA 2.1.5.15.11).</summary>
    /// <param name="open">The open.</param>
    /// <param name="newPath">The new path from the root of the share, unchecked.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="posix">FILE_RENAME_POSIX_SEMANTICS: a replaced file may be open.</param>
    /// <param name="ignoreReadOnly">FILE_RENAME_IGNORE_READONLY_ATTRIBUTE: a replaced file may be read-only.</param>
    /// <param name="onWait">Called once, before waiting for other clients to close what they cache; its token ends the wait.</param>
    /// <param name="later">What takes the breaks of directory leases behind the answer; <see langword="null"/>: they leave at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> RenameAsync(
        this FileOpen open, string newPath, bool replace, bool posix, bool ignoreReadOnly, Func<CancellationToken>? onWait, Afterwards? later,
        CancellationToken cancellationToken)
    {
        if (!open.HasAny(OperationRights.OfRename(open.IsDirectory).Open))
        {
            return NtStatus.AccessDenied;
        }

        posix |= open.State.IsPosix;
        if (open.File.IsStream || (newPath.StartsWith(':') && !open.State.IsPosix))
        {
            return await open.RenameStreamAsync(newPath, replace, ignoreReadOnly, onWait, later, cancellationToken).ConfigureAwait(false);
        }

        var status = open.ParseTarget(newPath, out var target);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (open.Path.IsRoot)
        {
            return NtStatus.InvalidParameter;
        }

        target = await open.Volume.ShortNames.ResolveAsync(target, cancellationToken).ConfigureAwait(false);
        if (open.Volume.LeadsAcrossSeam(target))
        {
            return NtStatus.NotSameDevice;
        }

        var wait = new HandleWait(onWait);
        return await open.ChangeNameAsync(wait, RenameInTurnAsync, cancellationToken).ConfigureAwait(false);

        async ValueTask<NtStatus> RenameInTurnAsync()
        {
            using var turn = await open.LockPathsAsync(target, withTrees: open.IsDirectory, cancellationToken).ConfigureAwait(false);
            return await open.RenameAsync(target, replace, posix, ignoreReadOnly, wait, later, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Renames the open's file when it has its turn on both names.</summary>
    private static async ValueTask<NtStatus> RenameAsync(
        this FileOpen open, StorePath target, bool replace, bool posix, bool ignoreReadOnly, HandleWait wait, Afterwards? later,
        CancellationToken cancellationToken)
    {
        var source = open.Path;
        if (open.IsDeletePending)
        {
            return NtStatus.AccessDenied;
        }

        // Windows breaks the handles of other clients even if the file already has the new name.
        if (source == target)
        {
            return wait.Finds(open.File, open) ? NtStatus.OplockBreakInProgress : NtStatus.Success;
        }

        if (open.IsDirectory && target.IsBelow(source, open.Volume.NameComparison))
        {
            return NtStatus.InvalidParameter;
        }

        if (open.File.HasOpenStreams)
        {
            return NtStatus.AccessDenied;
        }

        // On POSIX systems a directory moves together with everything that is open in it.
        if (open.IsDirectory && !open.State.IsPosix && open.HasOpenBelow(source, wait))
        {
            return NtStatus.AccessDenied;
        }

        NameTarget.StoreVictim? replaced = null;
        var rights = OperationRights.OfRename(open.IsDirectory);
        if (!open.Volume.SamePath(source, target))
        {
            var victim = await open.CheckTargetAsync(target, replace, posix, ignoreReadOnly, rights, wait, cancellationToken)
                .ConfigureAwait(false);
            if (!victim.Succeeded)
            {
                return victim.Status;
            }

            replaced = victim.Value;

            // Two names of one file: the old one is removed, the new one stays as it is.
            if (replaced is { } existing && existing.FileId == open.File.FileId)
            {
                if (open.Observation is { } observer
                    && await observer.AskRenameAsync(open.Volume.Store, source, target, replaces: false, cancellationToken)
                        .ConfigureAwait(false) is var refusal and not NtStatus.Success)
                {
                    return refusal;
                }

                return await open.RemoveOldNameAsync(source, later, cancellationToken).ConfigureAwait(false);
            }
        }
        else
        {
            // A change of case is another name too, if the name belongs to no file but this one.
            var parent = await open.CheckParentAsync(target.Parent, rights, wait, cancellationToken).ConfigureAwait(false);
            if (parent != NtStatus.Success)
            {
                return parent;
            }
        }

        if (wait.Finds(open.File, open))
        {
            return NtStatus.OplockBreakInProgress;
        }

        if (open.Observation is { } observation
            && await observation.AskRenameAsync(open.Volume.Store, source, target, replaced is not null, cancellationToken)
                .ConfigureAwait(false) is var answer and not NtStatus.Success)
        {
            return answer;
        }

        // Between the store's rename and the commit of the new name a crash would leave a record that leads nowhere: it gets both names first.
        var isPlanned = open.Volume.Options.Journal is not null && open.PlanMove(source, target);
        var status = isPlanned ? await open.Volume.CommitAsync().ConfigureAwait(false) : NtStatus.Success;
        var seers = await open.Volume.Watches.FindSeersAsync(source).ConfigureAwait(false);
        status = status != NtStatus.Success ? status
            : await open.Volume.Store.RenameAsync(source, target, replaced is not null, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            if (isPlanned)
            {
                open.PlanMove(source, null);
            }

            return status;
        }

        open.Observation?.Renamed();
        if (replaced is { } gone)
        {
            open.Volume.OpenFiles.Find(gone.FileId)?.RemoveName(target);
        }

        open.MoveLinks(source, target);
        if (open.IsDirectory)
        {
            open.Volume.Watches.Rekey();
        }

        open.Volume.Tunnel.Remember(source);
        var filter = open.IsDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName;
        await open.Volume.RaiseRenamedAsync(source, target, filter, open, seers, later).ConfigureAwait(false);
        open.Renamed = !open.IsDirectory;
        await open.ArchiveAsync(cancellationToken).ConfigureAwait(false);
        return NtStatus.Success;
    }

    private static async ValueTask<NtStatus> RemoveOldNameAsync(
        this FileOpen open, StorePath source, Afterwards? later, CancellationToken cancellationToken)
    {
        var seers = await open.Volume.Watches.FindSeersAsync(source).ConfigureAwait(false);
        var status = await open.Volume.Store.DeleteAsync(source, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await open.Volume.RaiseAsync(new FileChange(ChangeAction.Removed, source, ChangeFilter.FileName, seers), open, later).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>
    /// Whether something below a directory is open, which keeps it from being renamed. Handles that are merely cached are closed for it if
    /// nothing else stands in the way, but a client that opens something after that is not asked (MS-FSA 2.1.5.15.11). For a Mac nothing
    /// stands in the way.
    /// </summary>
    private static bool HasOpenBelow(this FileOpen open, StorePath directory, HandleWait wait)
    {
        var cached = new List<FileObject>();
        foreach (var file in open.Volume.OpenFiles.ToArray())
        {
            if (!file.AnyOpen(open, other => other.Path.IsBelow(directory, open.Volume.NameComparison)))
            {
                continue;
            }

            if (file.AnyOpen(open, other =>
                other.Path.IsBelow(directory, open.Volume.NameComparison) && !FileCaching.CachesHandle(other, wait.HasWaited)))
            {
                if (!open.IsMac)
                {
                    return true;
                }

                continue;
            }

            cached.Add(file);
        }

        foreach (var file in cached)
        {
            wait.Finds(file, null);
        }

        // Opens that were closed between the two looks do not count.
        return cached.Count > 0 && (wait.IsNeeded || open.HasOpenBelow(directory, wait));
    }

    /// <summary>
    /// Notes that the store is about to rename the file, or that it did not, for every open that moves along. False if no journal keeps any.
    /// </summary>
    private static bool PlanMove(this FileOpen open, StorePath source, StorePath? target)
    {
        var isKept = open.Link is { } link && open.File.PlanMove(link, target);
        foreach (var file in open.IsDirectory ? open.Volume.OpenFiles.ToArray() : [])
        {
            foreach (var below in file.GetLinks())
            {
                if (below.Path.IsBelow(source, open.Volume.NameComparison))
                {
                    isKept |= file.PlanMove(below, target is { } to ? new StorePath(to.Text + below.Path.Text[source.Text.Length..]) : null);
                }
            }
        }

        return isKept;
    }

    private static void MoveLinks(this FileOpen open, StorePath source, StorePath target)
    {
        if (open.Link is { } link)
        {
            open.File.Move(link, target);
        }

        open.State.MoveTo(target);
        if (!open.IsDirectory)
        {
            return;
        }

        // For the rename of a POSIX client or a Mac: opens below the directory move along.
        foreach (var file in open.Volume.OpenFiles.ToArray())
        {
            foreach (var below in file.GetLinks())
            {
                if (below.Path.IsBelow(source, open.Volume.NameComparison))
                {
                    file.Move(below, new StorePath(target.Text + below.Path.Text[source.Text.Length..]));
                }
            }
        }
    }
}
