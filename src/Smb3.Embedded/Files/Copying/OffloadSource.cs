using Smb3.Embedded.Files.Ranges;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Copying;

/// <summary>
/// The data that an offload token stands for: a range of a file as it was when the token was made (MS-FSCC 2.1.11). Nothing is
/// copied for it, so it is good only while the range has not changed and the open that made it is there.
/// </summary>
/// <param name="open">The open that it is read through.</param>
/// <param name="offset">Where it begins.</param>
/// <param name="length">Bytes, as yet.</param>
internal sealed class OffloadSource(FileOpen open, long offset, long length) : WatchedRange(open, offset, length)
{
    private volatile FileOpen? _open = open;
    private FileTime _written;
    private FileTime _changed;

    /// <summary>The open that it is read through; <see langword="null"/> when it is over.</summary>
    public FileOpen? Open => _open;

    /// <summary>The length of the file.</summary>
    public long EndOfFile { get; private set; }

    /// <summary>Whether nothing but zeros is behind the range.</summary>
    public bool ReachesEnd { get; private set; }

    /// <inheritdoc/>
    public override bool IsGood => base.IsGood && _open is { IsClosing: false };

    /// <summary>
    /// Takes the file's state down. From here on the range is whole sectors: the last one may reach behind the end of the file, where zeros
    /// stand for what is not there.
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

    /// <summary>A change of the same file outside the range, made by a copy of it, is none that counts.</summary>
    public void Renew(in FileMetadata metadata)
    {
        _written = metadata.LastWriteTime;
        _changed = metadata.ChangeTime;
    }

    /// <summary>Whether a file in this state can have been changed by nobody, programs outside the server among them.</summary>
    public bool Fits(in FileMetadata metadata) =>
        metadata.Length == EndOfFile && metadata.LastWriteTime == _written && metadata.ChangeTime == _changed;

    /// <inheritdoc/>
    public override void End() => Interlocked.Exchange(ref _open, null)?.File.Watched.Remove(this);
}
