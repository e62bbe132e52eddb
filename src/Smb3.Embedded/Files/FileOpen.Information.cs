using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Metadata, basic information, position and mode.
internal sealed partial class FileOpen
{
    private const long Freeze = -1;
    private const long Thaw = -2;

    /// <summary>Attributes that a client can set; the others say what the file is (MS-FSCC section 2.6).</summary>
    internal const FileAttributes SettableAttributes = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed;

    /// <summary>Size and free space of the volume, where the file is.</summary>
    public async ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        if (_file is not IVolumeFile file)
        {
            return await Volume.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>FilePositionInformation: where the last read ended, unless the client set it since.</summary>
    public long Position => Record.Position;

    /// <summary>Whether the name by which the file was opened is to be deleted.</summary>
    public bool IsDeletePending
    {
        get
        {
            lock (File.Sync)
            {
                return File.IsStreamDeletePending || (Link is { } link && (link.DeletePending || link.Removed));
            }
        }
    }

    /// <summary>
    /// What the file is, as handles see it: with times that are delayed or frozen, and with the name that is to be deleted no longer
    /// counted among the links.
    /// </summary>
    public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await ShowMetadataAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>FileBasicInformation (MS-FSCC section 2.4.7, MS-FSA section 2.1.5.15.2).</summary>
    /// <param name="times">Raw values: 0 leaves a time, −1 keeps it from moving by itself, −2 lets it move again.</param>
    /// <param name="attributes">0 leaves them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> SetBasicAsync(BasicTimes times, FileAttributes attributes, CancellationToken cancellationToken)
    {
        if (!HasAny(FileAccessMask.WriteAttributes))
        {
            return NtStatus.AccessDenied;
        }

        if (times.AnyBelow(Thaw))
        {
            return NtStatus.InvalidParameter;
        }

        if ((attributes & FileAttributes.Directory) != 0 && !IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        if ((attributes & FileAttributes.Temporary) != 0 && IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            await ShowWriteTimeAsync(cancellationToken).ConfigureAwait(false);
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
                before = await ShowMetadataAsync(cancellationToken).ConfigureAwait(false);
                if (!before.Succeeded)
                {
                    return before.Status;
                }
            }

            if (!change.IsEmpty)
            {
                var status = await _file.SetMetadataAsync(change, cancellationToken).ConfigureAwait(false);
                if (status != NtStatus.Success)
                {
                    return status;
                }

                File.Times.Set(change);
                if (change.Attributes is not null)
                {
                    _needsArchive = false; // what is set on purpose stays
                }

                await Volume.RaiseModifiedAsync(this, Filter(change)).ConfigureAwait(false);
            }

            if (times.With(Thaw) is var thawed && thawed != PinnedTimes.None)
            {
                File.Times.Unpin(this, thawed & Record.Pinned);
                Record.Pinned &= ~thawed;
            }

            // What a client sets it does not want moved by its own later writes either.
            var set = times.Set();
            if ((frozen | set) != PinnedTimes.None)
            {
                var shown = new FileMetadata
                {
                    FileId = File.FileId,
                    Attributes = 0,
                    LastWriteTime = change.LastWriteTime ?? before.Value.LastWriteTime,
                    ChangeTime = change.ChangeTime ?? before.Value.ChangeTime,
                };
                File.Times.Pin(this, frozen | (set & (PinnedTimes.LastWrite | PinnedTimes.Change)), shown);
                Record.Pinned |= frozen | set;
            }

            return NtStatus.Success;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>FilePositionInformation (MS-FSA section 2.1.5.15.9).</summary>
    public NtStatus SetPosition(long position)
    {
        if (position < 0)
        {
            return NtStatus.InvalidParameter;
        }

        Record.Position = position;
        return NtStatus.Success;
    }

    /// <summary>FileModeInformation (MS-FSA section 2.1.5.15.8): only how the handle buffers, waits and reads ahead can change.</summary>
    public NtStatus SetMode(CreateOptions mode)
    {
        const CreateOptions Waiting = CreateOptions.SynchronousIoAlert | CreateOptions.SynchronousIoNonAlert;
        const CreateOptions Changeable = CreateOptions.WriteThrough | CreateOptions.SequentialOnly | Waiting;
        if ((mode & ~(Changeable | CreateOptions.NoIntermediateBuffering | CreateOptions.DeleteOnClose)) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if ((mode & Waiting) == Waiting || (((mode & Waiting) == 0) != ((Options & Waiting) == 0)))
        {
            return NtStatus.InvalidParameter;
        }

        Record.Options = (Options & ~Changeable) | (mode & Changeable);
        return NtStatus.Success;
    }

    private static FileTime? ToSet(long ticks) => ticks > 0 ? new FileTime(ticks) : null;

    private static ChangeFilter Filter(in FileMetadataChange change) =>
        (change.Attributes is null ? 0 : ChangeFilter.Attributes)
        | (change.CreationTime is null ? 0 : ChangeFilter.Creation)
        | (change.LastAccessTime is null ? 0 : ChangeFilter.LastAccess)
        | (change.LastWriteTime is null ? 0 : ChangeFilter.LastWrite);

    private async ValueTask<NtResult<FileMetadata>> ShowMetadataAsync(CancellationToken cancellationToken)
    {
        var stored = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!stored.Succeeded)
        {
            return stored;
        }

        var shown = File.Times.Show(AsOpened(stored.Value));
        return IsDeletePending && !File.IsStreamDeletePending && shown.LinkCount > 0 && !Link!.Removed
            ? shown with { LinkCount = shown.LinkCount - 1 }
            : shown;
    }
}
