using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The last access time of a file that has been read or written since the store was given one: the store gets it when an open is closed, so
/// that reading does not write.
/// </summary>
internal sealed class VisibleAccess(VolumeOptions options, LastAccessUpdates updates)
{
    private long _accessed;

    /// <summary>Whether the store may have to be given a time.</summary>
    public bool IsDue => Volatile.Read(ref _accessed) != 0;

    /// <summary>The file was read or written through <paramref name="open"/> (Open.UserSetAccessTime).</summary>
    public void Note(FileOpen open)
    {
        if (updates != LastAccessUpdates.Off && (open.State.Pinned & PinnedTimes.LastAccess) == 0)
        {
            Volatile.Write(ref _accessed, FileTime.From(options.Time.GetUtcNow()).Ticks);
        }
    }

    /// <summary>A time was set, and is the file's.</summary>
    public void Forget() => Volatile.Write(ref _accessed, 0);

    /// <summary>What handles see when the store has <paramref name="stored"/>.</summary>
    public FileTime Show(in FileMetadata stored)
    {
        var accessed = new FileTime(Volatile.Read(ref _accessed));
        return Moves(stored, accessed) ? accessed : stored.LastAccessTime;
    }

    /// <summary>What the store has to be given when it has <paramref name="stored"/>; empty: nothing.</summary>
    public FileMetadataChange Take(in FileMetadata stored)
    {
        var accessed = new FileTime(Interlocked.Exchange(ref _accessed, 0));
        return Moves(stored, accessed)
            ? new FileMetadataChange { LastAccessTime = accessed, ChangeTime = stored.ChangeTime }
            : default;
    }

    private bool Moves(in FileMetadata stored, FileTime accessed) => accessed.Ticks > stored.LastAccessTime.Ticks
        && (updates == LastAccessUpdates.On
            || stored.LastAccessTime.Ticks <= stored.LastWriteTime.Ticks
            || accessed.Ticks - stored.LastAccessTime.Ticks >= TimeSpan.TicksPerDay);
}
