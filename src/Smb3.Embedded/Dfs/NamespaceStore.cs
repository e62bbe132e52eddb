using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Dfs;

/// <summary>
/// A namespace as a store: what a client lists, where links are reparse points with the tag IO_REPARSE_TAG_DFS. Nothing can be changed
/// through it.
/// </summary>
internal sealed class NamespaceStore(DfsNamespace root) : IFileStore, IChangeSource
{
    private const int MaxLabel = 32;

    /// <inheritdoc/>
    public StoreTraits Traits { get; } = new() { Abilities = StoreAbilities.ReadOnly | StoreAbilities.ReparsePoints };

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        new(access == StoreAccess.ReadWrite ? NtStatus.MediaWriteProtected : Open(path));

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
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => new(new VolumeInformation
    {
        Label = root.Name.Length <= MaxLabel ? root.Name : root.Name[..MaxLabel],
        SerialNumber = (uint)NamespaceFile.NumberOf(root.Name),
        CreationTime = root.MadeAt,
    });

    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) =>
        root.Tree.Find(directory) is { Link: null }
            ? root.Listen((before, after) =>
            {
                Tell(before, after, ChangeAction.Removed, directory, tree, changed);
                Tell(after, before, ChangeAction.Added, directory, tree, changed);
            })
            : null;

    /// <summary>Tells of everything in a directory that is in <paramref name="these"/>, and not in the others.</summary>
    private static void Tell(
        NamespaceTree these, NamespaceTree others, ChangeAction action, StorePath directory, bool tree, Action<StoreChange?> changed)
    {
        const StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;
        foreach (var text in these.Paths)
        {
            var path = new StorePath(text);
            var isSeen = tree ? path.IsBelow(directory, IgnoreCase) : !path.IsRoot && path.Parent.Text.Equals(directory.Text, IgnoreCase);
            var isGone = action == ChangeAction.Removed && text.Equals(directory.Text, IgnoreCase);
            if ((isSeen || isGone) && !IsSame(these.Find(path), others.Find(path)))
            {
                changed(new StoreChange(action, path, ChangeFilter.DirectoryName));
            }
        }
    }

    private static bool IsSame(NamespaceFolder? one, NamespaceFolder? other) =>
        one is not null && other is not null && one.Link is null == (other.Link is null);

    private NtResult<IStoreFile> Open(StorePath path)
    {
        var tree = root.Tree;
        if (tree.Find(path) is { } folder)
        {
            return new NamespaceFile(root, folder);
        }

        return tree.TryFindLink(path.Text, out _, out _) ? NtStatus.ReparsePointEncountered
            : tree.Find(path.Parent) is null ? NtStatus.ObjectPathNotFound
            : NtStatus.ObjectNameNotFound;
    }
}
