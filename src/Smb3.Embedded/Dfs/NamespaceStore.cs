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
            ? root.Listen(changes =>
            {
                foreach (var change in changes)
                {
                    if (Concerns(directory, tree, change))
                    {
                        changed(change);
                    }
                }
            })
            : null;

    /// <summary>Whether it is in the directory, or the directory is gone.</summary>
    private static bool Concerns(StorePath directory, bool tree, in StoreChange change)
    {
        const StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;
        return change.Path.IsBelow(directory, IgnoreCase)
            ? tree || change.Path.Parent.Text.Length == directory.Text.Length
            : change.Action == ChangeAction.Removed && change.Path.Text.Equals(directory.Text, IgnoreCase);
    }

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
