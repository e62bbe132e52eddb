using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A store of which one folder in the root is nowhere: it is not listed, and nothing in it can be opened, made or moved.</summary>
internal class ClosedFolderStore(IFileStore inner, StorePath folder, StringComparison comparison) : LayeredStore(inner)
{
    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        if (IsClosed(path))
        {
            return Missing(path);
        }

        var opened = await Inner.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened;
        }

        // Whatever spelling or link has led there.
        if (IsClosed(opened.Value.Path) || (opened.Value is IFinalPathFile { FinalPath: { } final } && IsClosed(final)))
        {
            await opened.Value.DisposeAsync().ConfigureAwait(false);
            return Missing(path);
        }

        return path.IsRoot ? new FolderWithout(folder.Text, comparison, this, opened.Value)
            : await CoverAsync(opened.Value, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        IsClosed(path) ? new(NtStatus.AccessDenied) : base.CreateAsync(path, parameters, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        IsClosed(from) ? new(Missing(from)) : IsClosed(to) ? new(NtStatus.AccessDenied) : Inner.RenameAsync(from, to, replace, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        IsClosed(existing) ? new(Missing(existing))
            : IsClosed(link) ? new(NtStatus.AccessDenied) : Inner.LinkAsync(existing, link, replace, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        IsClosed(path) ? new(Missing(path)) : Inner.DeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        IsClosed(path) ? new(Missing(path)) : Inner.CanDeleteAsync(path, cancellationToken);

    /// <summary>Whether a path is the folder or leads into it.</summary>
    public bool IsClosed(StorePath path) => path.Text.Equals(folder.Text, comparison) || path.IsBelow(folder, comparison);

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => new ClosedFolderStore(inner, folder, comparison);

    /// <summary>What is said of a path that is closed.</summary>
    protected NtStatus Missing(StorePath path) => path.Text.Equals(folder.Text, comparison) ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound;
}
