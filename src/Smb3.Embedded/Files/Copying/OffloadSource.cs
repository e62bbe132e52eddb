using Smb3.Embedded.Files.Ranges;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Copying;

/// <summary>
/// The data that an offload token stands for: a range of a file as it was when the token was made (MS-FSCC 2.1.11). Nothing is copied in
/// advance, so it is valid only while the range is unchanged and the open that made it still exists.
/// </summary>
/// <param name="open">The open that it is read through.</param>
/// <param name="offset">Where it begins.</param>
/// <param name="length">Bytes, for now.</param>
internal sealed class OffloadSource(FileOpen open, long offset, long length) : WatchedRange(open, offset, length)
{
    private volatile FileOpen? _open = open;
    private FileTime _written;
    private FileTime _changed;

    /// <summary>The open that it is read through; <see langword="null"/> once it is no longer valid.</summary>
    public FileOpen? Open => _open;

    /// <summary>The length of the file.</summary>
    public long EndOfFile { get; private set; }

    /// <summary>Whether only zeros follow the range.</summary>
    public bool ReachesEnd { get; private set; }

    /// <inheritdoc/>
    public override bool IsGood => base.IsGood && _open is { IsClosing: false };

    /// <summary>
    /// Records the file's state. From here on the range is whole sectors: the last one may extend past the end of the file, where zeros
    /// stand for the missing bytes.
    /// </summary>
    public void Fix(in FileMetadata metadata, int sector)
    {
        var end = metadata.Length;
        EndOfFile = end;
        ReachesEnd = Length > end - Offset;
        if (ReachesEnd)
        {
            Length = (end - Offset + sector - 1) / sector * sector;
        }

        Renew(metadata);
    }

    /// <summary>A change of the same file outside the range, made by copying the range itself, does not count.</summary>
    public void Renew(in FileMetadata metadata)
    {
        _written = metadata.LastWriteTime;
        _changed = metadata.ChangeTime;
    }

    /// <summary>Whether a file in this state cannot have been changed by anything, including programs outside the server.</summary>
    public bool Fits(in FileMetadata metadata) =>
        metadata.Length == EndOfFile && metadata.LastWriteTime == _written && metadata.ChangeTime == _changed;

    /// <inheritdoc/>
    public override void End() => Interlocked.Exchange(ref _open, null)?.File.Watched.Remove(this);
}
