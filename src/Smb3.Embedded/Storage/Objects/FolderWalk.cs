using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>
/// What lies directly in a folder, page by page: files, and each folder once, whether an object stands for it or only keys below it do.
/// Names that clients cannot have are left out; so is a folder whose name a file has too.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="folder">The key of the folder.</param>
/// <param name="keysOnly">Whether nothing but the keys of the entries is of interest.</param>
internal sealed class FolderWalk(ObjectFileStore store, string folder, bool keysOnly)
{
    private readonly Stack<string> _files = new();
    private IReadOnlyList<ObjectEntry> _page = [];
    private int _next;
    private string _after = string.Empty;
    private string? _inside;
    private string? _passed;
    private bool _isOver;

    /// <summary>The next entry, or null at the end. A folder's key ends in a slash.</summary>
    public async ValueTask<NtResult<ObjectEntry?>> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_next < _page.Count)
            {
                if (Take(_page[_next++]) is { } entry)
                {
                    return new NtResult<ObjectEntry?>(entry);
                }
            }

            if (_isOver)
            {
                return new NtResult<ObjectEntry?>((ObjectEntry?)null);
            }

            var page = await store.ListObjectsAsync(
                new(folder, _after, Folders: true, store.Options.PageSize) { KeysOnly = keysOnly }, cancellationToken).ConfigureAwait(false);
            if (!page.Succeeded)
            {
                return page.Status;
            }

            _page = page.Value;
            _next = 0;
            _isOver = _page.Count == 0;
            if (!_isOver)
            {
                _after = BehindThePage();
            }
        }
    }

    /// <summary>
    /// Behind the folder that the page ends in, or within it if that was tried before: keys may begin with the last character there is, and
    /// stores that compare UTF-16 have U+E000 and up behind it.
    /// </summary>
    private string BehindThePage()
    {
        var last = _page[^1].Key;
        var slash = last.IndexOf('/', folder.Length);
        var behind = slash < 0 ? last : last[..(slash + 1)] + "\U0010FFFF";
        return behind == _passed ? last : _passed = behind;
    }

    private ObjectEntry? Take(ObjectEntry entry)
    {
        if (entry.Key.Length <= folder.Length || !entry.Key.StartsWith(folder, StringComparison.Ordinal)
            || (_inside is not null && entry.Key.StartsWith(_inside, StringComparison.Ordinal)))
        {
            return null;
        }

        // Between a file and a folder of its name there may be others, all of which begin with it.
        while (_files.TryPeek(out var file) && !entry.Key.StartsWith(file, StringComparison.Ordinal))
        {
            _files.Pop();
        }

        var slash = entry.Key.IndexOf('/', folder.Length);
        if (slash < 0)
        {
            if (!ObjectKeys.IsServed(entry.Key[folder.Length..]))
            {
                return null;
            }

            _files.Push(entry.Key);
            return entry;
        }

        _inside = entry.Key[..(slash + 1)];
        return !ObjectKeys.IsServed(entry.Key[folder.Length..slash]) || _files.Contains(entry.Key[..slash]) ? null
            : entry.Key.Length == slash + 1 ? entry
            : new ObjectEntry(_inside, 0, default);
    }
}
