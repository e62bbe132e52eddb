namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>The files of a store that are open.</summary>
internal sealed class SharedFiles
{
    private readonly Lock _sync = new();
    private readonly Dictionary<ulong, SharedFile> _files = [];

    /// <summary>A handle on a file is opened.</summary>
    public SharedFile Open(ulong fileId)
    {
        lock (_sync)
        {
            if (!_files.TryGetValue(fileId, out var file))
            {
                file = new SharedFile(fileId);
                _files.Add(fileId, file);
            }

            file.Handles++;
            return file;
        }
    }

    /// <summary>One more handle on a file is opened.</summary>
    public void Join(SharedFile file)
    {
        lock (_sync)
        {
            file.Handles++;
        }
    }

    /// <summary>A handle on a file is closed.</summary>
    public void Close(SharedFile file)
    {
        lock (_sync)
        {
            if (--file.Handles == 0)
            {
                _files.Remove(file.FileId);
            }
        }
    }
}
