using Smb3.Embedded.Files.Offload;

namespace Smb3.Embedded.Files;

// Tokens of offloaded copies that stand for bytes of this file.
internal sealed partial class FileObject
{
    private const int MaxOffloadsOfOpen = 16;

    private volatile OffloadSource[] _offloads = [];

    /// <summary>
    /// Says that bytes are about to change, or just did: a token that stands for them is no good any more. A change that is not counted
    /// in <see cref="Writes"/> says it before and after.
    /// </summary>
    public void NoteChange(long offset = 0, long length = long.MaxValue)
    {
        foreach (var source in _offloads)
        {
            if (source.Overlaps(offset, length))
            {
                source.Spoil();
            }
        }
    }

    /// <summary>Lets a token hear of changes. The oldest of the same open is no good any more when there are many.</summary>
    public void Watch(OffloadSource source)
    {
        lock (Sync)
        {
            var own = _offloads.Where(other => other.Open == source.Open).ToArray();
            if (own.Length >= MaxOffloadsOfOpen)
            {
                own[0].Spoil();
            }

            _offloads = [.. _offloads.Where(other => other.IsGood), source];
        }
    }

    /// <summary>The open goes, and with it what its tokens stand for.</summary>
    public void EndOffloads(FileOpen open)
    {
        foreach (var source in _offloads)
        {
            if (source.Open == open)
            {
                source.End();
            }
        }
    }

    /// <summary>A token is over.</summary>
    public void Forget(OffloadSource source)
    {
        lock (Sync)
        {
            _offloads = [.. _offloads.Where(other => other != source)];
        }
    }
}
