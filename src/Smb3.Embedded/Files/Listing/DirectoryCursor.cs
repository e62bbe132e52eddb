using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Listing;

/// <summary>
/// The position of an open in its directory (MS-FSA 2.1.5.6.3). The handler looks at the next entry, writes it if it fits, and only then
/// moves on, so an entry that did not fit comes first the next time. There is one query at a time; the open sees to that.
/// <para>
/// An entry's index is the number under which the store lists it, after those of <c>.</c> and <c>..</c>: it does not depend on the
/// expression. Continuing after an index lists the directory again, so a directory that has changed in the meantime may have another entry
/// there, as MS-FSCC 2.4 says of file systems that keep names in order.
/// </para>
/// </summary>
internal sealed class DirectoryCursor(FileOpen directory) : IAsyncDisposable
{
    private const int BatchSize = 64;

    private const string All = "*";

    // The indices of "." and "..".
    private const uint Dots = 2;

    private readonly List<Place> _entries = [];
    private readonly StoreEntry[] _batch = new StoreEntry[BatchSize];
    private IStoreListing? _listing;
    private string? _pattern;
    private Wildcard? _wildcard;
    private bool _exact;
    private bool _begun;
    private bool _anyReported;
    private bool _anyGiven;
    private bool _atEnd;
    private int _dots;
    private int _next;
    private bool _hasCurrent;
    private bool _sorted;
    private uint _listed;
    private uint _after;
    private string? _afterName;

    /// <summary>The entry that <see cref="PeekAsync"/> found.</summary>
    public DirectoryEntry Current { get; private set; }

    /// <summary>Begins a query.</summary>
    /// <param name="pattern">The expression; only the first one, or one with <paramref name="reopen"/>, counts.</param>
    /// <param name="restart">SMB2_RESTART_SCANS.</param>
    /// <param name="reopen">SMB2_REOPEN.</param>
    /// <param name="after">
    /// SMB2_INDEX_SPECIFIED: the query continues after the entry with this index, and takes a new expression if there is one
    /// (MS-SMB2 3.3.5.18). 0 is the index of no entry: the query continues where it is, as it does on Windows, which ignores all indices.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> StartAsync(
        string pattern, bool restart, bool reopen, uint? after, CancellationToken cancellationToken)
    {
        var jumps = after is > 0;
        if (_pattern is null || reopen || (jumps && pattern.Length > 0))
        {
            if (!FileNames.IsExpression(pattern))
            {
                return NtStatus.ObjectNameInvalid;
            }

            _pattern = pattern.Length == 0 ? All : pattern;
            _wildcard = _pattern == All ? null : new Wildcard(_pattern, directory.Volume.NameComparison != StringComparison.Ordinal);
            restart = true;
        }

        if (restart || jumps)
        {
            await EndListingAsync().ConfigureAwait(false);
            _after = jumps ? after!.Value : 0;
            _dots = (int)Math.Min(_after, Dots);
            _anyReported = jumps;
            _exact = !jumps && !Wildcard.IsIn(_pattern) && _pattern is not ("." or "..");
        }
        else if (_begun && !_exact && !_anyGiven && !_atEnd)
        {
            await BeginAnewAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return NtStatus.Success;
    }

    /// <summary>Finds the next entry.</summary>
    /// <returns>Success: the entry is <see cref="Current"/>; NO_SUCH_FILE when no entry matches at all, NO_MORE_FILES at the end.</returns>
    public async ValueTask<NtStatus> PeekAsync(CancellationToken cancellationToken)
    {
        if (_hasCurrent)
        {
            return NtStatus.Success;
        }

        var status = await FindAsync(cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.NoMoreFiles && !_anyReported)
        {
            _anyReported = _atEnd = true;
            return NtStatus.NoSuchFile;
        }

        _hasCurrent = status == NtStatus.Success;
        _anyReported |= _hasCurrent;
        _atEnd = status == NtStatus.NoMoreFiles;
        return status;
    }

    /// <summary>Moves past <see cref="Current"/>.</summary>
    public void Advance()
    {
        _anyGiven |= _hasCurrent && Current.Index > Dots;
        Drop();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => EndListingAsync();

    private async ValueTask<NtStatus> FindAsync(CancellationToken cancellationToken)
    {
        if (_exact)
        {
            return await FindExactAsync(cancellationToken).ConfigureAwait(false);
        }

        // This comes first: a client that has received "." takes an error after it for the end of an empty directory.
        if (!_begun)
        {
            var status = await BeginListingAsync(cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        while (_dots < Dots)
        {
            var name = _dots++ == 0 ? "." : "..";
            if (!Matches(name))
            {
                continue;
            }

            var metadata = await DotMetadataAsync(name, cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            Current = new DirectoryEntry(name, metadata.Value, (uint)_dots);
            return NtStatus.Success;
        }

        while (true)
        {
            while (_next < _entries.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (entry, index) = _entries[_next++];
                if (!IsAfter(entry.Name, index) || !await IsShownAsync(entry.Name, cancellationToken).ConfigureAwait(false))
                {
                    continue;
                }

                Current = Show(entry, index);
                return NtStatus.Success;
            }

            _entries.Clear();
            _next = 0;
            if (_listing is null)
            {
                return NtStatus.NoMoreFiles;
            }

            var read = await ReadBatchAsync(cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }
        }
    }

    private async ValueTask<NtStatus> BeginListingAsync(CancellationToken cancellationToken)
    {
        var listing = await directory.Handle.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listing.Succeeded)
        {
            return listing.Status;
        }

        _listing = listing.Value;
        _begun = true;

        // NTFS keeps directories in order, and programs have come to rely on it; a directory too large to hold is listed in the store's
        // order.
        while (_listing is not null && _entries.Count <= directory.Volume.Options.SortedListingLimit)
        {
            var read = await ReadBatchAsync(cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                await EndListingAsync().ConfigureAwait(false); // the next query starts over
                return read.Status;
            }
        }

        _sorted = _listing is null;
        if (_sorted)
        {
            _entries.Sort(static (left, right) => Compare(left.Entry.Name, right.Entry.Name));
        }

        return NtStatus.Success;
    }

    private async ValueTask<NtResult<int>> ReadBatchAsync(CancellationToken cancellationToken)
    {
        // A store may answer at once and never look at the token, and directories are as long as users make them.
        cancellationToken.ThrowIfCancellationRequested();
        var read = await _listing!.ReadAsync(_batch, cancellationToken).ConfigureAwait(false);
        if (!read.Succeeded)
        {
            return read;
        }

        if (read.Value == 0)
        {
            var listing = _listing;
            _listing = null;
            await listing.DisposeAsync().ConfigureAwait(false);
        }

        for (var i = 0; i < read.Value; i++)
        {
            var index = ++_listed + Dots;
            if (index == _after)
            {
                _afterName = _batch[i].Name;
            }

            if (Matches(_batch[i].Name))
            {
                _entries.Add(new Place(_batch[i], index));
            }
        }

        return read;
    }

    private async ValueTask<NtStatus> FindExactAsync(CancellationToken cancellationToken)
    {
        if (_begun)
        {
            return NtStatus.NoMoreFiles;
        }

        _begun = true;
        if (FileNames.Check(_pattern, directory.Volume.Store.Traits.MaxNameLength) != NtStatus.Success)
        {
            return NtStatus.NoMoreFiles;
        }

        var found = await directory.Volume.Store.OpenAsync(
            directory.Path.Append(LastCharacters.Map(_pattern!)), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (found.Status == NtStatus.ObjectNameNotFound
            && await directory.Volume.ShortNames.FindAsync(directory.Path, _pattern!, cancellationToken).ConfigureAwait(false) is { } longName)
        {
            found = await directory.Volume.Store.OpenAsync(directory.Path.Append(longName), StoreAccess.Metadata, cancellationToken)
                .ConfigureAwait(false);
        }

        if (found.Status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound)
        {
            return NtStatus.NoMoreFiles;
        }

        if (!found.Succeeded)
        {
            return found.Status;
        }

        var handle = found.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (directory.State.HidesUnreadable
            && !await AccessBasedEnumeration.ShowsAsync(
                directory.Volume.Security, handle, metadata.Value.IsDirectory, directory.State.Caller, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.NoMoreFiles;
        }

        Current = Show(new StoreEntry(handle.Path.Name.ToString(), metadata.Value), 0);
        return NtStatus.Success;
    }

    private async ValueTask<NtResult<FileMetadata>> DotMetadataAsync(string name, CancellationToken cancellationToken)
    {
        if (name == "." || directory.Path.IsRoot)
        {
            return await directory.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }

        var parent = await directory.Volume.Store.OpenAsync(directory.Path.Parent, StoreAccess.Metadata, cancellationToken)
            .ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return await directory.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }

        var handle = parent.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Access-based enumeration: entries that the caller may not read are not shown.</summary>
    private ValueTask<bool> IsShownAsync(string name, CancellationToken cancellationToken) => directory.State.HidesUnreadable
        ? AccessBasedEnumeration.ShowsAsync(
            directory.Volume.Security, directory.Volume.Store, directory.Path.Append(name), directory.State.Caller, cancellationToken)
        : new(true);

    private bool Matches(string name) => _wildcard is null || _wildcard.Matches(name)
        || (LastCharacters.AreMapped(name) && _wildcard.Matches(LastCharacters.Unmap(name)));

    /// <summary>Whether an entry comes after the one that SMB2_INDEX_SPECIFIED named, in the order of this listing.</summary>
    private bool IsAfter(string name, uint index) =>
        _after <= Dots || (_sorted ? _afterName is not null && Compare(name, _afterName) > 0 : index > _after);

    private static int Compare(string left, string right) =>
        string.Compare(left, right, StringComparison.OrdinalIgnoreCase) is var order and not 0 ? order : string.CompareOrdinal(left, right);

    private DirectoryEntry Show(in StoreEntry entry, uint index) => new(
        entry.Name,
        directory.Volume.ShowEntry(
            directory.Path, entry.Name, directory.Volume.OpenFiles.Find(entry.Metadata.FileId) is { } open ? open.Times.Show(entry.Metadata) : entry.Metadata),
        index);

    /// <summary>
    /// The listing was read only to find out whether it can be read, and the client has received nothing but "." and ".." of it: a later
    /// query returns what is there by then.
    /// </summary>
    private async ValueTask BeginAnewAsync()
    {
        var (dots, after) = (_hasCurrent && Current.Index <= Dots ? (int)Current.Index - 1 : _dots, _after);
        await EndListingAsync().ConfigureAwait(false);
        (_dots, _after) = (dots, after);
    }

    private void Drop()
    {
        _hasCurrent = false;
        Current = default;
    }

    private async ValueTask EndListingAsync()
    {
        var listing = _listing;
        _listing = null;
        _entries.Clear();
        _next = 0;
        _dots = 0;
        _begun = false;
        _listed = 0;
        _after = 0;
        _afterName = null;
        _anyGiven = false;
        _atEnd = false;
        Drop();
        if (listing is not null)
        {
            await listing.DisposeAsync().ConfigureAwait(false);
        }
    }

    private readonly record struct Place(StoreEntry Entry, uint Index);
}
