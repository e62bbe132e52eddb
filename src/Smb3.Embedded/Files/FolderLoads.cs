using System.Collections.Concurrent;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The folders of a volume in which something is open, down to <see cref="Depth"/> levels: what is deeper counts for the folder that it is in
/// there. What is open in the root, or a folder itself, counts for no more than the folder above. At most <see cref="MaxFolders"/>; what is in
/// others is not counted, until some are forgotten.
/// </summary>
internal sealed class FolderLoads
{
    /// <summary>How deep it looks.</summary>
    public const int Depth = 2;

    /// <summary>The most folders.</summary>
    public const int MaxFolders = 4096;

    private readonly ConcurrentDictionary<string, FolderLoad> _folders;
    private readonly ConcurrentDictionary<string, FolderLoad>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private int _count;

    public FolderLoads(StringComparison comparison)
    {
        _folders = new ConcurrentDictionary<string, FolderLoad>(StringComparer.FromComparison(comparison));
        _bySpan = _folders.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Those that are known.</summary>
    public IEnumerable<FolderLoad> All => _folders.Select(static pair => pair.Value);

    /// <summary>Counts an open in.</summary>
    /// <returns>What it is counted with, until it leaves that; <see langword="null"/>: nothing.</returns>
    public FolderLoad? Enter(StorePath path)
    {
        var folder = FolderOf(path.Text);
        while (!folder.IsEmpty)
        {
            if (!_bySpan.TryGetValue(folder, out var load))
            {
                if (Interlocked.Increment(ref _count) > MaxFolders)
                {
                    Interlocked.Decrement(ref _count);
                    return null;
                }

                var made = new FolderLoad(folder.ToString());
                load = _folders.GetOrAdd(made.Folder, made);
                if (load != made)
                {
                    Interlocked.Decrement(ref _count); // another one was faster
                }
            }

            if (load.TryEnter())
            {
                return load;
            }

            Remove(load);
        }

        return null;
    }

    /// <summary>Forgets a folder in which nothing is open; one that is opened again begins at zero.</summary>
    public void Forget(FolderLoad load)
    {
        if (load.TryForget())
        {
            Remove(load);
        }
    }

    private void Remove(FolderLoad load)
    {
        if (_folders.TryRemove(KeyValuePair.Create(load.Folder, load)))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>The folder that something is in, cut to the depth that is looked at.</summary>
    private static ReadOnlySpan<char> FolderOf(ReadOnlySpan<char> path)
    {
        var end = 0;
        for (var depth = 0; depth < Depth; depth++)
        {
            var from = end == 0 ? 0 : end + 1;
            var length = path[from..].IndexOf('\\');
            if (length < 0)
            {
                break;
            }

            end = from + length;
        }

        return path[..end];
    }
}
