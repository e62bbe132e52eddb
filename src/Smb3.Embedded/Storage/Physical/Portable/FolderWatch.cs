using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>Reports changes in a local folder, using what .NET offers on this system.</summary>
internal sealed class FolderWatch : IDisposable
{
    // Once a name is gone, it is no longer known whether it was a file or a directory.
    private const ChangeFilter Names = ChangeFilter.FileName | ChangeFilter.DirectoryName;
    private const ChangeFilter Contents = ChangeFilter.Size | ChangeFilter.LastWrite | ChangeFilter.Attributes | ChangeFilter.Security;

    private readonly FileSystemWatcher _watcher;
    private readonly StorePath _directory;
    private readonly Action<StoreChange?> _changed;

    private FolderWatch(FileSystemWatcher watcher, StorePath directory, Action<StoreChange?> changed)
    {
        _watcher = watcher;
        _directory = directory;
        _changed = changed;
        watcher.Created += (_, e) => Tell(ChangeAction.Added, e.Name, Names);
        watcher.Deleted += (_, e) => Tell(ChangeAction.Removed, e.Name, Names);
        watcher.Changed += (_, e) => Tell(ChangeAction.Modified, e.Name, Contents);
        watcher.Renamed += (_, e) =>
        {
            Tell(ChangeAction.RenamedOldName, e.OldName, Names);
            Tell(ChangeAction.RenamedNewName, e.Name, Names);
        };
        watcher.Error += (_, e) =>
        {
            changed(null);
            if (e.GetException() is not InternalBufferOverflowException)
            {
                changed(new StoreChange(ChangeAction.Removed, directory, ChangeFilter.DirectoryName)); // .NET no longer watches
            }
        };
    }

    /// <summary>Starts watching; <see langword="null"/> when the system has no watch to give.</summary>
    /// <param name="folder">The folder to watch.</param>
    /// <param name="directory">The path by which clients know it.</param>
    /// <param name="tree">Whether everything below it is watched too.</param>
    /// <param name="changed">Called for each change.</param>
    public static FolderWatch? Start(string folder, StorePath directory, bool tree, Action<StoreChange?> changed)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(folder)
            {
                IncludeSubdirectories = tree,
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.Attributes | NotifyFilters.Size
                    | NotifyFilters.LastWrite | NotifyFilters.Security,
            };
            var watch = new FolderWatch(watcher, directory, changed);
            watcher.EnableRaisingEvents = true;
            return watch;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();

    private void Tell(ChangeAction action, string? name, ChangeFilter filter)
    {
        if (string.IsNullOrEmpty(name))
        {
            return;
        }

        var path = _directory;
        foreach (var part in name.Split(Path.DirectorySeparatorChar))
        {
            path = path.Append(OperatingSystem.IsLinux() ? DiskNames.Decode(Encoding.UTF8.GetBytes(part)) : part);
        }

        if (!ReservedNames.IsIn(path))
        {
            _changed(new StoreChange(action, path, filter));
        }
    }
}
