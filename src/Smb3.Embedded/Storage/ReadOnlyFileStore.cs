using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// The base of a store that nobody changes: its author looks up paths, lists directories and reads data. Everything that
/// changes something is refused with MEDIA_WRITE_PROTECTED.
/// </summary>
/// <example>
/// <code>
/// sealed class Reports(IReportSource source) : ReadOnlyFileStore
/// {
///     protected override async ValueTask&lt;ReadOnlyEntry?&gt; FindAsync(StorePath path, CancellationToken token) =&gt;
///         path.IsRoot ? ReadOnlyEntry.Directory("") : await source.FindAsync(path.Text, token) is { } report
///             ? ReadOnlyEntry.File(report.Name, report.Length, report.Written) : null;
///
///     protected override async IAsyncEnumerable&lt;ReadOnlyEntry&gt; ListAsync(
///         StorePath directory, [EnumeratorCancellation] CancellationToken token)
///     {
///         await foreach (var report in source.ListAsync(token))
///             yield return ReadOnlyEntry.File(report.Name, report.Length, report.Written);
///     }
///
///     protected override ValueTask&lt;Stream&gt; OpenReadAsync(StorePath path, CancellationToken token) =&gt;
///         source.OpenAsync(path.Text, token);
/// }
/// </code>
/// </example>
public abstract class ReadOnlyFileStore : IFileStore
{
    /// <summary>Names are compared without case unless <paramref name="caseSensitive"/>.</summary>
    protected ReadOnlyFileStore(bool caseSensitive = false) => Traits = new StoreTraits
    {
        Abilities = StoreAbilities.ReadOnly | (caseSensitive ? StoreAbilities.CaseSensitive : 0),
    };

    /// <inheritdoc/>
    public virtual StoreTraits Traits { get; }

    /// <inheritdoc/>
    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        if (access == StoreAccess.ReadWrite)
        {
            return NtStatus.MediaWriteProtected;
        }

        var found = await FindAsync(path, cancellationToken).ConfigureAwait(false);
        if (found is { } entry)
        {
            var actual = await SpellAsync(path, entry.Name, cancellationToken).ConfigureAwait(false);
            return new ReadOnlyFile(this, actual, entry);
        }

        // Which of the two it is, only the parent can say.
        if (path.IsRoot)
        {
            return NtStatus.ObjectPathNotFound;
        }

        var parent = await FindAsync(path.Parent, cancellationToken).ConfigureAwait(false);
        return parent is { IsDirectory: true } ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        new(new VolumeInformation { Label = string.Empty, SerialNumber = 1 });

    /// <summary>What is at a path; <see langword="null"/> when nothing is. The root is a directory and always there.</summary>
    /// <param name="path">The path as a client wrote it: in any case, unless the store is case-sensitive.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected internal abstract ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>What a directory holds, each entry once.</summary>
    /// <param name="directory">The directory, as <see cref="FindAsync"/> spelled its names.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected internal abstract IAsyncEnumerable<ReadOnlyEntry> ListAsync(StorePath directory, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a file's data. A stream that cannot seek is read forward, and opened again when a client goes back.
    /// </summary>
    /// <param name="path">The file, as <see cref="FindAsync"/> spelled its names.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected internal abstract ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a part of a file. The default reads from <see cref="OpenReadAsync"/>; override it where there is something better.
    /// </summary>
    /// <param name="file">The handle, which keeps its stream.</param>
    /// <param name="offset">Bytes from the start of the file.</param>
    /// <param name="buffer">Where the data goes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>As <see cref="IStoreFile.ReadAsync"/>.</returns>
    protected internal virtual ValueTask<NtResult<int>> ReadAsync(
        ReadOnlyFile file, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.ReadStreamAsync(offset, buffer, cancellationToken);
    }

    /// <summary>
    /// What clients are told about an entry. The default numbers files by their path, so that a number outlives a restart.
    /// </summary>
    /// <param name="path">Its path.</param>
    /// <param name="entry">What the store said of it.</param>
    protected internal virtual FileMetadata ToMetadata(StorePath path, ReadOnlyEntry entry) => new()
    {
        FileId = HashPath(path),
        Attributes = entry.IsDirectory ? FileAttributes.Directory : FileAttributes.ReadOnly,
        Length = entry.IsDirectory ? 0 : entry.Length,
        AllocationSize = entry.IsDirectory ? 0 : entry.Length,
        CreationTime = FileTime.From(entry.LastWritten),
        LastAccessTime = FileTime.From(entry.LastWritten),
        LastWriteTime = FileTime.From(entry.LastWritten),
        ChangeTime = FileTime.From(entry.LastWritten),
        LinkCount = 1,
    };

    // FNV-1a; two spellings are one file unless case matters. Halves of surrogate pairs have no case of their own.
    private ulong HashPath(StorePath path)
    {
        var fold = !Traits.Has(StoreAbilities.CaseSensitive);
        var hash = 14695981039346656037UL;
        foreach (var c in path.Text)
        {
            hash = (hash ^ (fold ? char.ToUpperInvariant(c) : c)) * 1099511628211UL;
        }

        return hash == 0 ? 1 : hash;
    }

    /// <summary>The path in the case in which its names were created.</summary>
    private async ValueTask<StorePath> SpellAsync(StorePath path, string name, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return path;
        }

        var parent = path.Parent;
        if (!parent.IsRoot && await FindAsync(parent, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            parent = await SpellAsync(parent, entry.Name, cancellationToken).ConfigureAwait(false);
        }

        return parent.Append(name);
    }
}

/// <summary>One file or directory of a <see cref="ReadOnlyFileStore"/>.</summary>
/// <param name="Name">The last name, as it is spelled; empty for the root.</param>
/// <param name="IsDirectory">Whether it is a directory.</param>
/// <param name="Length">Bytes of data; 0 for a directory.</param>
/// <param name="LastWritten">When it last changed.</param>
public readonly record struct ReadOnlyEntry(string Name, bool IsDirectory, long Length, DateTimeOffset LastWritten)
{
    /// <summary>A file.</summary>
    public static ReadOnlyEntry File(string name, long length, DateTimeOffset lastWritten) => new(name, false, length, lastWritten);

    /// <summary>A directory.</summary>
    public static ReadOnlyEntry Directory(string name, DateTimeOffset lastWritten = default) => new(name, true, 0, lastWritten);
}
