using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>
/// The base of a store that keeps whole objects under keys: a bucket, a table with a column of bytes, anything that can be got and put. Its
/// author lists, finds, reads, puts and deletes objects; folders, names in any case, writing in the middle, renames, times and attributes are
/// made of that here.
/// </summary>
/// <remarks>
/// <para>
/// Keys are names joined by slashes: <c>a/b.txt</c> is in the folder <c>a</c>. A folder that is made has an empty object <c>a/</c>, and one that
/// others have put keys into needs none. Keys with names that clients cannot have are not shown, and left alone.
/// </para>
/// <para>
/// A file that is changed is held as a whole, in memory while it is small and then in a temporary file (<see cref="ObjectFileStoreOptions"/>
/// bounds both), and is put when a client flushes it and when a handle that has changed it is closed. Both say so only when the store has it;
/// what was flushed is in the store. When others have put another object there since, the put fails with FILE_INVALID and theirs stays.
/// </para>
/// <para>
/// Members may be called from several threads at once. Expected outcomes are status values. An exception is taken for a fault: the request fails,
/// and what was to be put is kept until its last handle is closed.
/// </para>
/// </remarks>
public abstract class ObjectFileStore : IFileStore
{
    private readonly NameTurns _turns = new();
    private readonly FolderNames _names;
    private readonly ObjectLookup _lookup;
    private readonly ObjectMoves _moves;
    private readonly FileTime _opened;

    /// <summary>A store of objects.</summary>
    /// <param name="options">What it does and how much it holds; <see langword="null"/>: the defaults.</param>
    /// <param name="keepsProperties">
    /// Whether the store keeps the short text that is put with an object, and tells it in listings too. Then files have attributes, times that
    /// stay as they are set, and numbers that stay through renames; else they have only the time of the last put, and setting another is heard
    /// and forgotten with the last close.
    /// </param>
    protected ObjectFileStore(ObjectFileStoreOptions? options = null, bool keepsProperties = false)
    {
        Options = options ?? new ObjectFileStoreOptions();
        Options.Check();
        KeepsProperties = keepsProperties;
        Place = new SpoolPlace(Options.SpoolSize, Options.SpoolMemory, Options.SpoolMemoryPerFile, Options.SpoolFolder);
        Windows = new LentBuffers(Options.ReadAhead);
        _names = new FolderNames(this);
        _lookup = new ObjectLookup(this, _names);
        _moves = new ObjectMoves(this);
        _opened = Now;
        Traits = new StoreTraits
        {
            Abilities = (keepsProperties ? StoreAbilities.DosAttributes : 0) | (Options.CaseSensitive ? StoreAbilities.CaseSensitive : 0),
            MaxFileLength = Math.Min(Options.MaxFileLength, Options.SpoolSize),
        };
    }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    internal ObjectFileStoreOptions Options { get; }

    internal bool KeepsProperties { get; }

    internal SpoolPlace Place { get; }

    /// <summary>What is read ahead of is in these.</summary>
    internal LentBuffers Windows { get; }

    internal ObjectNodes Nodes { get; } = new();

    internal FileTime Now => FileTime.From(Options.Time.GetUtcNow());

    /// <inheritdoc/>
    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        using var turn = await _turns.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var found = await _lookup.FindAsync(path, cancellationToken).ConfigureAwait(false);
            if (!found.Succeeded)
            {
                return found.Status;
            }

            // Whoever had it open may have closed it since, and only the store knows what became of it.
            if (Nodes.TryOpen(found.Value.Node ?? new ObjectNode(this, found.Value.Key, found.Value.State, found.Value.Version), access, out var node))
            {
                return new ObjectHandle(this, node, ObjectKeys.ToPath(found.Value.Key), access);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        using var turn = await _turns.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        var target = await FindTargetAsync(path, cancellationToken).ConfigureAwait(false);
        if (!target.Succeeded || target.Value.There is not null)
        {
            return target.Succeeded ? NtStatus.ObjectNameCollision : target.Status;
        }

        // The name is taken in the store before anybody is told that it is.
        var key = target.Value.Key + (parameters.IsDirectory ? "/" : string.Empty);
        var state = ObjectState.New(parameters, Now);
        var put = await PutAsync(key, Stream.Null, KeepsProperties ? state.Format() : null, ObjectCondition.Absent, cancellationToken)
            .ConfigureAwait(false);
        if (!put.Succeeded)
        {
            return put.Status;
        }

        await _names.AddAsync(target.Value.Folder, ObjectKeys.NameOf(key)).ConfigureAwait(false);
        state = KeepsProperties ? state : ObjectState.Of(put.Value with { Key = key }, keepsProperties: false);
        Nodes.TryOpen(new ObjectNode(this, key, state, put.Value.Version), StoreAccess.ReadWrite, out var node);
        return new ObjectHandle(this, node, ObjectKeys.ToPath(key), StoreAccess.ReadWrite);
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        while (true)
        {
            var kind = from.IsRoot ? NtStatus.AccessDenied : await _lookup.FindAsync(from, cancellationToken).ConfigureAwait(false);
            if (!kind.Succeeded)
            {
                return kind.Status;
            }

            using var turns = kind.Value.IsFolder
                ? await _turns.EnterAllAsync(cancellationToken).ConfigureAwait(false)
                : await _turns.EnterAsync(from, to, cancellationToken).ConfigureAwait(false);
            var found = await _lookup.FindAsync(from, cancellationToken).ConfigureAwait(false);
            if (!found.Succeeded)
            {
                return found.Status;
            }

            if (found.Value.IsFolder == kind.Value.IsFolder)
            {
                return await RenameAsync(found.Value, to, replace, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public async ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        (await FindDeletableAsync(path, cancellationToken).ConfigureAwait(false)).Status;

    /// <inheritdoc/>
    public async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        using var turn = await _turns.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        var found = await FindDeletableAsync(path, cancellationToken).ConfigureAwait(false);
        return found.Succeeded ? await RemoveAsync(found.Value.Key, cancellationToken).ConfigureAwait(false) : found.Status;
    }

    /// <summary>Size and free space as clients are told: <see cref="ObjectFileStoreOptions.Capacity"/>, unless it is overridden.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public virtual ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => new(new VolumeInformation
    {
        Label = Options.Label,
        SerialNumber = Options.SerialNumber,
        CreationTime = _opened,
        TotalBytes = Options.Capacity,
        FreeBytes = Options.Capacity,
        AvailableBytes = Options.Capacity,
    });

    /// <summary>Lists objects in the order of their keys, as bytes of UTF-8.</summary>
    /// <param name="query">Which, and how many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The page; empty at the end. It need not be full, and the query comes again with the last key.</returns>
    protected abstract ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken);

    /// <summary>The object with exactly this key; <see langword="null"/> when there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected abstract ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>Reads a range, all of which the object has.</summary>
    /// <param name="key">The key.</param>
    /// <param name="version">The version that is meant; <see langword="null"/>: whatever is there.</param>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="buffer">What is filled.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes read: as many as the buffer holds; FILE_INVALID when the version is another, OBJECT_NAME_NOT_FOUND.</returns>
    protected abstract ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Puts a whole object, so that others see either the old one or the new one; it is safe when this says success.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">Its data: can seek, and has a length. Valid until the task ends.</param>
    /// <param name="properties">At most 120 ASCII characters to keep with it; <see langword="null"/>: none.</param>
    /// <param name="condition">What it may replace. A store that knows no conditions looks before.</param>
    /// <param name="cancellationToken">Ends the wait; then the old object is there, or the new one.</param>
    /// <returns>
    /// The object (of which only the version and the time are looked at); OBJECT_NAME_COLLISION when it should be absent and is not,
    /// FILE_INVALID when another version or nothing is there, DISK_FULL, ACCESS_DENIED, FILE_TOO_LARGE.
    /// </returns>
    protected abstract ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken);

    /// <summary>Removes an object.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success, also when there was none; or why it is still there.</returns>
    protected abstract ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Sets the properties of an object and leaves its data alone. Only called with properties; the default puts it again.</summary>
    /// <param name="key">The key.</param>
    /// <param name="properties">The new ones.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The object as it is now; OBJECT_NAME_NOT_FOUND.</returns>
    protected virtual async ValueTask<NtResult<ObjectEntry>> SetPropertiesAsync(
        string key, string properties, CancellationToken cancellationToken)
    {
        var found = await FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded || found.Value is not { } entry)
        {
            return found.Succeeded ? NtStatus.ObjectNameNotFound : found.Status;
        }

        var content = new ObjectStream(this, entry);
        await using var contentUse = content.ConfigureAwait(false);
        return await PutAsync(key, content, properties, ObjectCondition.Same(entry.Version), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies an object with its properties, replacing what has the new key. Optional: otherwise it is read and put.</summary>
    /// <param name="key">The key.</param>
    /// <param name="newKey">The key of the copy.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; NOT_SUPPORTED when it has done nothing; or as a put.</returns>
    protected virtual ValueTask<NtStatus> CopyAsync(string key, string newKey, CancellationToken cancellationToken) =>
        new(NtStatus.NotSupported);

    /// <summary>
    /// Moves an object at once, replacing what has the new key; with keys that end in a slash, all objects whose keys begin with it.
    /// Optional: otherwise they are copied and deleted one by one.
    /// </summary>
    /// <param name="key">The key, or that of a folder.</param>
    /// <param name="newKey">Its new key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; NOT_SUPPORTED when it has done nothing; or as a put.</returns>
    protected virtual ValueTask<NtStatus> MoveAsync(string key, string newKey, CancellationToken cancellationToken) =>
        new(NtStatus.NotSupported);

    internal ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListObjectsAsync(ObjectQuery query, CancellationToken cancellationToken) =>
        ListAsync(query, cancellationToken);

    internal ValueTask<NtResult<ObjectEntry?>> FindObjectAsync(string key, CancellationToken cancellationToken) => FindAsync(key, cancellationToken);

    internal ValueTask<NtResult<int>> ReadObjectAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        ReadAsync(key, version, offset, buffer, cancellationToken);

    internal ValueTask<NtResult<ObjectEntry>> PutObjectAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken) =>
        PutAsync(key, content, properties, condition, cancellationToken);

    internal ValueTask<NtStatus> DeleteObjectAsync(string key, CancellationToken cancellationToken) => DeleteAsync(key, cancellationToken);

    internal ValueTask<NtResult<ObjectEntry>> SetObjectPropertiesAsync(string key, string properties, CancellationToken cancellationToken) =>
        SetPropertiesAsync(key, properties, cancellationToken);

    internal ValueTask<NtStatus> CopyObjectAsync(string key, string newKey, CancellationToken cancellationToken) =>
        CopyAsync(key, newKey, cancellationToken);

    internal ValueTask<NtStatus> MoveObjectAsync(string key, string newKey, CancellationToken cancellationToken) =>
        MoveAsync(key, newKey, cancellationToken);

    /// <summary>Where something is to be: in which folder, under which key, and what is there now.</summary>
    private async ValueTask<NtResult<(string Folder, string Key, Found? There)>> FindTargetAsync(
        StorePath path, CancellationToken cancellationToken)
    {
        if (ObjectKeys.OfFile(path, Options.MaxKeyBytes) is not { } asked)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var folder = await _lookup.FindFolderAsync(path.Parent, cancellationToken).ConfigureAwait(false);
        if (!folder.Succeeded)
        {
            return folder.Status;
        }

        var name = ObjectKeys.NameOf(asked);
        var there = await _lookup.InAsync(folder.Value, name, cancellationToken).ConfigureAwait(false);
        return there.Succeeded ? (folder.Value, folder.Value + name, there.Value)
            : there.Status == NtStatus.ObjectNameNotFound ? (folder.Value, folder.Value + name, null)
            : there.Status;
    }

    private async ValueTask<NtStatus> RenameAsync(Found found, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        if (to.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        var target = await FindTargetAsync(to, cancellationToken).ConfigureAwait(false);
        if (!target.Succeeded)
        {
            return target.Status;
        }

        var (folder, key, there) = target.Value;
        if (found.IsFolder && folder.StartsWith(found.Key, StringComparison.Ordinal))
        {
            return NtStatus.InvalidParameter;
        }

        var victim = there is { } other && other.Key != found.Key ? other.Key : null;
        if (victim is not null && (!replace || found.IsFolder || ObjectKeys.IsFolder(victim)))
        {
            return replace ? NtStatus.AccessDenied : NtStatus.ObjectNameCollision;
        }

        key += found.IsFolder ? "/" : string.Empty;
        if (key == found.Key)
        {
            return NtStatus.Success;
        }

        var status = await KeepFolderAsync(found.Key, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success && victim is not null)
        {
            status = await ReleaseAsync(victim, cancellationToken).ConfigureAwait(false);
        }

        if (status != NtStatus.Success)
        {
            return status;
        }

        status = found.IsFolder
            ? await _moves.MoveFolderAsync(found.Key, key, cancellationToken).ConfigureAwait(false)
            : await _moves.MoveFileAsync(found.Key, key, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (found.IsFolder)
        {
            _names.Forget(found.Key);
        }

        await _names.RemoveAsync(ObjectKeys.ParentOf(found.Key), ObjectKeys.NameOf(found.Key)).ConfigureAwait(false);
        if (victim is not null && victim != key)
        {
            status = await DeleteAsync(victim, cancellationToken).ConfigureAwait(false);
        }

        await _names.AddAsync(folder, ObjectKeys.NameOf(key)).ConfigureAwait(false);
        return status;
    }

    private async ValueTask<NtResult<Found>> FindDeletableAsync(StorePath path, CancellationToken cancellationToken)
    {
        var found = path.IsRoot ? NtStatus.AccessDenied : await _lookup.FindAsync(path, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded || !found.Value.IsFolder)
        {
            return found;
        }

        // Shown or not: two entries are enough to know of one beside the folder's own.
        var page = await ListAsync(new(found.Value.Key, string.Empty, Folders: true, 2) { KeysOnly = true }, cancellationToken).ConfigureAwait(false);
        return !page.Succeeded ? page.Status
            : page.Value.Any(entry => entry.Key != found.Value.Key) ? NtStatus.DirectoryNotEmpty
            : found;
    }

    private async ValueTask<NtStatus> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        var status = await KeepFolderAsync(key, cancellationToken).ConfigureAwait(false);
        var node = Nodes.Find(key);
        using var turn = await SeveralTurns.EnterAsync(node is null ? [] : [node.Turns], cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success && node is { HasReaders: true, IsFolder: false })
        {
            status = await node.PreserveAsync(cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            status = await DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            if (node is not null)
            {
                Nodes.Remove(node);
            }

            await _names.RemoveAsync(ObjectKeys.ParentOf(key), ObjectKeys.NameOf(key)).ConfigureAwait(false);
        }

        return status;
    }

    /// <summary>What is open of a file that is about to be replaced goes on by itself.</summary>
    private async ValueTask<NtStatus> ReleaseAsync(string key, CancellationToken cancellationToken)
    {
        if (Nodes.Find(key) is not { } node)
        {
            return NtStatus.Success;
        }

        using var turn = await node.Turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        var status = node.HasReaders ? await node.PreserveAsync(cancellationToken).ConfigureAwait(false) : NtStatus.Success;
        if (status == NtStatus.Success)
        {
            Nodes.Remove(node);
        }

        return status;
    }

    /// <summary>A folder that only its keys made stays when the last of them goes: it gets an object of its own before.</summary>
    private async ValueTask<NtStatus> KeepFolderAsync(string key, CancellationToken cancellationToken)
    {
        var folder = ObjectKeys.ParentOf(key);
        if (folder.Length == 0)
        {
            return NtStatus.Success;
        }

        var marker = await FindAsync(folder, cancellationToken).ConfigureAwait(false);
        if (!marker.Succeeded || marker.Value is not null)
        {
            return marker.Status;
        }

        var properties = KeepsProperties ? ObjectState.OfFolder(folder).Format() : null;
        var put = await PutAsync(folder, Stream.Null, properties, ObjectCondition.Absent, cancellationToken).ConfigureAwait(false);
        return put.Status == NtStatus.ObjectNameCollision ? NtStatus.Success : put.Status;
    }
}
