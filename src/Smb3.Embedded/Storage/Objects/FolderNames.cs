using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>
/// The names of folders in which somebody looked for another spelling: keys tell case apart, and clients do not. A folder's names are
/// believed for a while, and follow what the server itself does in it.
/// </summary>
internal sealed class FolderNames(ObjectFileStore store)
{
    private const int Stripes = 16;

    private readonly Lock _sync = new();
    private readonly AsyncMutex[] _loads = [.. Enumerable.Range(0, Stripes).Select(static _ => new AsyncMutex())];
    private readonly Dictionary<string, Known> _folders = new(StringComparer.Ordinal);
    private int _total;

    /// <summary>How the name is spelled in the folder; null when it is not there, or there are too many to look.</summary>
    public async ValueTask<NtResult<string?>> FindAsync(string folder, string name, CancellationToken cancellationToken)
    {
        using var turn = await LoadsOf(folder).EnterAsync(cancellationToken).ConfigureAwait(false);
        if (Recall(folder) is not { } known)
        {
            var loaded = await LoadAsync(folder, cancellationToken).ConfigureAwait(false);
            if (!loaded.Succeeded)
            {
                return loaded.Status;
            }

            known = loaded.Value;
        }

        lock (_sync)
        {
            return new NtResult<string?>(known.Names?.GetValueOrDefault(name));
        }
    }

    public async ValueTask AddAsync(string folder, string name) => await ChangeAsync(folder, known =>
    {
        var before = known.Names!.Count;
        known.Names[name] = name;
        _total += known.Names.Count - before;
    }).ConfigureAwait(false);

    public async ValueTask RemoveAsync(string folder, string name) => await ChangeAsync(folder, known =>
    {
        if (known.Names!.TryGetValue(name, out var spelled) && spelled == name)
        {
            known.Names.Remove(name);
            _total--;
        }
    }).ConfigureAwait(false);

    /// <summary>Forgets a folder and all below it, which is elsewhere now.</summary>
    public void Forget(string folder)
    {
        lock (_sync)
        {
            foreach (var key in _folders.Keys.Where(key => key.StartsWith(folder, StringComparison.Ordinal)).ToList())
            {
                Drop(key);
            }
        }
    }

    private AsyncMutex LoadsOf(string folder) => _loads[(uint)folder.GetHashCode(StringComparison.Ordinal) % Stripes];

    /// <summary>Behind a load that may have begun before the change.</summary>
    private async ValueTask ChangeAsync(string folder, Action<Known> change)
    {
        using var turn = await LoadsOf(folder).EnterAsync(CancellationToken.None).ConfigureAwait(false);
        lock (_sync)
        {
            if (_folders.TryGetValue(folder, out var known) && known.Names is not null)
            {
                change(known);
                MakeRoom(except: null);
            }
        }
    }

    private Known? Recall(string folder)
    {
        lock (_sync)
        {
            return _folders.TryGetValue(folder, out var known)
                && store.Options.Time.GetElapsedTime(known.Since) < store.Options.RememberNames ? known : null;
        }
    }

    private async ValueTask<NtResult<Known>> LoadAsync(string folder, CancellationToken cancellationToken)
    {
        var known = new Known(new(StringComparer.OrdinalIgnoreCase), store.Options.Time.GetTimestamp());
        var walk = new FolderWalk(store, folder, keysOnly: true);
        while (true)
        {
            var next = await walk.NextAsync(cancellationToken).ConfigureAwait(false);
            if (!next.Succeeded)
            {
                return next.Status;
            }

            if (next.Value is not { } entry)
            {
                break;
            }

            var name = ObjectKeys.NameOf(entry.Key);
            known.Names!.TryAdd(name, name);
            if (known.Names.Count > store.Options.MaxRememberedNames)
            {
                known = known with { Names = null };
                break;
            }
        }

        lock (_sync)
        {
            Drop(folder);
            _folders.Add(folder, known);
            _total += known.Names?.Count ?? 0;
            MakeRoom(except: folder);
        }

        return known;
    }

    private void MakeRoom(string? except)
    {
        while (_total > store.Options.MaxRememberedNames || _folders.Count > store.Options.MaxRememberedNames / 8 + 1)
        {
            var oldest = _folders.Where(pair => pair.Key != except).OrderBy(static pair => pair.Value.Since).Select(static pair => pair.Key)
                .FirstOrDefault();
            if (oldest is null)
            {
                return;
            }

            Drop(oldest);
        }
    }

    private void Drop(string folder)
    {
        if (_folders.Remove(folder, out var known))
        {
            _total -= known.Names?.Count ?? 0;
        }
    }

    /// <summary>Names in any case and as they are spelled; none when they are too many.</summary>
    private sealed record Known(Dictionary<string, string>? Names, long Since);
}
