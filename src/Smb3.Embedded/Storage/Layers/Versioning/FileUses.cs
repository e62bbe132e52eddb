namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>The files that are in use, by their paths.</summary>
internal sealed class FileUses(StringComparison comparison)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, FileUse> _files = new(StringComparer.FromComparison(comparison));

    /// <summary>A file is going to be used.</summary>
    public FileUse Open(StorePath path, bool writes)
    {
        lock (_sync)
        {
            if (!_files.TryGetValue(path.Text, out var use))
            {
                _files.Add(path.Text, use = new FileUse(path));
            }

            use.Users++;
            use.Writers += writes ? 1 : 0;
            return use;
        }
    }

    /// <summary>There is another handle of a file that is in use, which cannot write its data.</summary>
    public void Open(FileUse use)
    {
        lock (_sync)
        {
            use.Users++;
        }
    }

    /// <summary>A use of a file ends.</summary>
    public void Close(FileUse use, bool writes)
    {
        lock (_sync)
        {
            use.Writers -= writes ? 1 : 0;
            if (--use.Users == 0)
            {
                Forget(use);
            }
        }
    }

    /// <summary>A file has lost its name. Handles that are still open go on with it.</summary>
    public void Remove(StorePath path)
    {
        lock (_sync)
        {
            if (_files.TryGetValue(path.Text, out var use))
            {
                Forget(use);
                use.IsGone = true;
            }
        }
    }

    /// <summary>A file or folder has moved, perhaps in the place of another file.</summary>
    public void Move(StorePath from, StorePath to)
    {
        lock (_sync)
        {
            var moved = _files.Values.Where(use => use.Path.Text.Equals(from.Text, comparison) || use.Path.IsBelow(from, comparison)).ToList();
            moved.ForEach(Forget);
            if (_files.TryGetValue(to.Text, out var replaced))
            {
                Forget(replaced);
                replaced.IsGone = true;
            }

            foreach (var use in moved)
            {
                use.Path = new StorePath(to.Text + use.Path.Text[from.Text.Length..]);
                _files[use.Path.Text] = use;
            }
        }
    }

    private void Forget(FileUse use)
    {
        if (_files.TryGetValue(use.Path.Text, out var known) && known == use)
        {
            _files.Remove(use.Path.Text);
        }
    }
}
