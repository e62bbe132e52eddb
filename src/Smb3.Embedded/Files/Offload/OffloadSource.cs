using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Offload;

/// <summary>
/// The data that an offload token stands for: a range of a file as it was when the token was made (MS-FSCC section 2.1.11). Nothing is
/// copied for it, so it is good only while the range has not changed and the open that made it is there.
/// </summary>
/// <param name="open">The open that it is read through.</param>
/// <param name="offset">Where it begins.</param>
/// <param name="length">Bytes, as yet.</param>
internal sealed class OffloadSource(FileOpen open, long offset, long length)
{
    private volatile FileOpen? _open = open;
    private volatile bool _spoilt;
    private FileTime _written;
    private FileTime _changed;

    /// <summary>The open that it is read through; <see langword="null"/> when it is over.</summary>
    public FileOpen? Open => _open;

    /// <summary>Where the range begins.</summary>
    public long Offset { get; } = offset;

    /// <summary>Bytes in whole sectors: the last one may reach behind the end of the file, where zeros stand for what is not there.</summary>
    public long Length { get; private set; } = length;

    /// <summary>The length of the file.</summary>
    public long EndOfFile { get; private set; }

    /// <summary>Whether nothing but zeros is behind the range.</summary>
    public bool ReachesEnd { get; private set; }

    /// <summary>Whether it still is what it was, as far as the opens of this server go.</summary>
    public bool IsGood => !_spoilt && _open is { IsClosing: false };

    /// <summary>Whether a range has bytes of it.</summary>
    public bool Overlaps(long at, long count) => at < Offset + Length && Offset - count < at;

    /// <summary>Takes the file's state down.</summary>
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

    /// <summary>The data changes.</summary>
    public void Spoil() => _spoilt = true;

    /// <summary>It is no longer needed.</summary>
    public void End() => Interlocked.Exchange(ref _open, null)?.File.Forget(this);
}
