using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Sets times and attributes.</summary>
internal static class SetBasicOperation
{
    private const long Freeze = -1;

    private const long Thaw = -2;

    /// <summary>Attributes that a client can set; the others describe what the file is (MS-FSCC 2.6).</summary>
    public const FileAttributes SettableAttributes = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed;

    /// <summary>FileBasicInformation (MS-FSCC 2.4.7, MS-FSA 2.1.5.15.2).</summary>
    /// <param name="open">The open.</param>
    /// <param name="times">Raw values: 0 leaves a time as it is, −1 keeps it from moving by itself, −2 lets it move again.</param>
    /// <param name="attributes">0 leaves them as they are.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> SetBasicAsync(
        this FileOpen open, BasicTimes times, FileAttributes attributes, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteAttributes))
        {
            return NtStatus.AccessDenied;
        }

        if (times.AnyBelow(Thaw))
        {
            return NtStatus.InvalidParameter;
        }

        if ((attributes & FileAttributes.Directory) != 0 && !open.IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        if ((attributes & FileAttributes.Temporary) != 0 && open.IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var change = new FileMetadataChange
            {
                CreationTime = ToSet(times.Creation),
                LastAccessTime = ToSet(times.LastAccess),
                LastWriteTime = ToSet(times.LastWrite),
                ChangeTime = ToSet(times.Change),
                Attributes = attributes == 0 ? null : attributes & SettableAttributes,
            };

            var frozen = times.With(Freeze);
            NtResult<FileMetadata> before = default;
            if (frozen != PinnedTimes.None)
            {
                before = await open.ShowMetadataAsync(cancellationToken).ConfigureAwait(false);
                if (!before.Succeeded)
                {
                    return before.Status;
                }
            }

            if (!change.IsEmpty)
            {
                var status = await open.Handle.SetMetadataAsync(change, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                open.File.Times.Set(open, change);
                if (change.Attributes is not null)
                {
                    open.NeedsArchive = false; // attributes set explicitly stay
                }
            }

            if (times.With(Thaw) is var thawed && thawed != PinnedTimes.None)
            {
                await open.UnpinTimesAsync(thawed).ConfigureAwait(false);
            }

            // A client that sets a time does not want its own later writes to move it either.
            var set = times.Set();
            if ((frozen | set) != PinnedTimes.None)
            {
                var shown = new FileMetadata
                {
                    FileId = open.File.FileId,
                    Attributes = 0,
                    LastWriteTime = change.LastWriteTime ?? before.Value.LastWriteTime,
                    ChangeTime = change.ChangeTime ?? before.Value.ChangeTime,
                };
                open.File.Times.Pin(open, frozen | set, shown);
            }

            if (!change.IsEmpty)
            {
                await open.Volume.RaiseModifiedAsync(open, Filter(change)).ConfigureAwait(false);
            }

            return NtStatus.Success;
        }
        finally
        {
            open.Exit();
        }
    }

    private static FileTime? ToSet(long ticks) => ticks > 0 ? new FileTime(ticks) : null;

    private static ChangeFilter Filter(in FileMetadataChange change) =>
        (change.Attributes is null ? 0 : ChangeFilter.Attributes)
        | (change.CreationTime is null ? 0 : ChangeFilter.Creation)
        | (change.LastAccessTime is null ? 0 : ChangeFilter.LastAccess)
        | (change.LastWriteTime is null ? 0 : ChangeFilter.LastWrite);

    /// <summary>
    /// Lets <paramref name="times"/> move again with what the open does, from where they are: the store, which has stamped them all the time,
    /// gets the times that handles see.
    /// </summary>
    public static async ValueTask UnpinTimesAsync(this FileOpen open, PinnedTimes times)
    {
        while (!open.File.Times.TryUnpin(open, times, out var due))
        {
            if (open.Link!.Removed)
            {
                continue;
            }

            // To put the last-write time back is no change of the file.
            if (due.ChangeTime is null && await open.Handle.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false) is { Succeeded: true } stored)
            {
                due = due with { ChangeTime = stored.Value.ChangeTime };
            }

            open.Volume.OutsideChanges.Own(new FileChange(ChangeAction.Modified, open.Path, ChangeFilter.Attributes));
            var status = await open.Handle.SetMetadataAsync(due, CancellationToken.None).ConfigureAwait(false);
            open.File.Whole.Caching.NoteOwn();
            if (status != NtStatus.Success)
            {
                ServerLog.CloseIncomplete(open.Volume.Options.Logger, open.FullName, open.Volume.Options.Name, status.ToString());
            }
        }
    }

    /// <summary>Gives the store the last access time that handles see. It is no change of the file.</summary>
    public static async ValueTask KeepLastAccessAsync(this FileOpen open)
    {
        var stored = await open.Handle.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false);
        if (stored.Succeeded && open.File.Times.Access.Take(stored.Value) is { IsEmpty: false } due)
        {
            open.Volume.OutsideChanges.Own(new FileChange(ChangeAction.Modified, open.Path, ChangeFilter.Attributes));
            await open.Handle.SetMetadataAsync(due, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
