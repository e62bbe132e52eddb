using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// Removes the streams of a file that loses its last name, and takes the file off its owner's quota: they are looked up before, and removed
/// after.
/// </summary>
/// <param name="streams">The streams of the store.</param>
/// <param name="file">The file, as a place only; null when it has no streams and is not counted.</param>
/// <param name="charge">What the file costs its owner; null when nobody counts.</param>
internal readonly struct StreamRemoval(StreamStore streams, FileDescriptor? file, InodeCharge? charge) : IDisposable
{
    /// <summary>Removes the streams once the name is gone.</summary>
    public void Finish()
    {
        if (file is not null)
        {
            streams.FileRemoved(file, charge);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        charge?.Leave();
        file?.Dispose();
    }
}
