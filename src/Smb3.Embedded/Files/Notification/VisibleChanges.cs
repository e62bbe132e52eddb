using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>
/// The changes that a watcher under access-based enumeration is told of: those of names that a listing shows to it, in the watched
/// directory and in each directory on the way down. Finding that out takes look-ups in the store, so the changes wait here, in order.
/// </summary>
internal sealed class VisibleChanges(DirectoryWatch watch)
{
    /// <summary>If more than this are pending at once, the watcher is told to list again.</summary>
    private const int MaxWaiting = 1024;

    private readonly Lock _sync = new();
    private readonly Queue<(FileChange Change, string Name)> _waiting = new();
    private bool _running;
    private bool _overflown;

    /// <summary>
    /// Takes a change; the watcher is told of it in due course. <paramref name="name"/> is relative to the watched directory.
    /// </summary>
    public void Add(in FileChange change, string name)
    {
        lock (_sync)
        {
            if (_waiting.Count >= MaxWaiting)
            {
                _overflown = true;
            }
            else
            {
                _waiting.Enqueue((change, name));
            }

            if (_running)
            {
                return;
            }

            _running = true;
        }

        _ = Task.Run(TellAsync);
    }

    /// <summary>Whether the watcher sees a name now.</summary>
    public async ValueTask<bool> SeesAsync(StorePath path)
    {
        var directory = watch.Directory;
        var text = path.Text;
        var root = directory.Path.Text;
        if (!path.IsBelow(directory.Path, directory.NameComparison))
        {
            return false;
        }

        for (var end = root.Length; end < text.Length;)
        {
            var next = text.IndexOf('\\', end == 0 ? 0 : end + 1);
            end = next < 0 ? text.Length : next;
            if (!await directory.ShowsAsync(new StorePath(text[..end])).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    private async Task TellAsync()
    {
        while (TryTake(out var change, out var name))
        {
            bool sees;
            try
            {
                sees = change.Seers is { } seers ? seers.Contains(watch) : !change.IsGone && await SeesAsync(FileOf(change))
                    .ConfigureAwait(false);
            }
            catch (Exception)
            {
                sees = false; // a store that fails shows nothing
            }

            if (sees)
            {
                watch.Keep(change.Action, name);
            }
        }
    }

    private bool TryTake(out FileChange change, out string name)
    {
        lock (_sync)
        {
            if (_waiting.TryDequeue(out var next))
            {
                (change, name) = next;
                return true;
            }

            if (_overflown)
            {
                _overflown = false;
                watch.Lose();
            }

            // Changes that belong together came together, and are reported together.
            watch.Serve();
            _running = false;
            (change, name) = (default, string.Empty);
            return false;
        }
    }

    /// <summary>The file whose descriptor decides: a stream has none of its own.</summary>
    private static StorePath FileOf(in FileChange change)
    {
        if (change.Action is not (ChangeAction.AddedStream or ChangeAction.RemovedStream or ChangeAction.ModifiedStream))
        {
            return change.Path;
        }

        var text = change.Path.Text;
        var colon = text.IndexOf(':', text.LastIndexOf('\\') + 1);
        return colon < 0 ? change.Path : new StorePath(text[..colon]);
    }
}
