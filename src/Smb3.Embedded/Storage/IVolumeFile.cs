using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>A handle that knows the volume it is on, in a store that can have several: a folder in which another disk is mounted.</summary>
public interface IVolumeFile
{
    /// <summary>
    /// Size and free space where this file is. Label, serial number and time of creation are those of
    /// <see cref="IFileStore.GetVolumeAsync"/>: clients see one volume.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken);
}
