using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A version, under the name of its file.</summary>
internal class PastFile(VersionView view, IStoreFile inner, StorePath path) : LayeredFile(inner)
{
    /// <inheritdoc/>
    public override StorePath Path => path;

    /// <inheritdoc/>
    public override StorePath? FinalPath => null;

    /// <summary>What it belongs to.</summary>
    protected VersionView View => view;

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream) => stream;

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        view.GetVolumeAsync(cancellationToken);
}
