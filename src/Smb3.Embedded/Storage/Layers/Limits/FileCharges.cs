namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>The charges of all files that are open.</summary>
internal sealed class FileCharges(SpaceAccount account, StringComparer names)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<ulong, FileCharge> _files = [];

    /// <summary>A handle on a file is opened.</summary>
    public FileCharge Open(ulong fileId)
    {
        lock (_sync)
        {
            if (!_files.TryGetValue(fileId, out var file))
            {
                file = new FileCharge(account, fileId, names);
                _files.Add(fileId, file);
            }

            file.Handles++;
            return file;
        }
    }

    /// <summary>More handles on a file are open.</summary>
    public void Open(FileCharge file, int handles)
    {
        lock (_sync)
        {
            file.Handles += handles;
        }
    }

    /// <summary>The file has lost its last name: another one may get its number.</summary>
    public void Forget(FileCharge file)
    {
        lock (_sync)
        {
            if (_files.TryGetValue(file.FileId, out var known) && known == file)
            {
                _files.Remove(file.FileId);
            }
        }
    }

    /// <summary>A handle on a file is closed.</summary>
    public void Close(FileCharge file)
    {
        lock (_sync)
        {
            if (--file.Handles > 0)
            {
                return;
            }

            if (_files.TryGetValue(file.FileId, out var known) && known == file)
            {
                _files.Remove(file.FileId);
            }
        }

        file.End();
    }
}
