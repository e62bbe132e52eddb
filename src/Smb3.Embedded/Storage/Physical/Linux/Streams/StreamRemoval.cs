using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Removes the streams of a file that loses its last name: they are looked up before, and removed after.</summary>
/// <param name="streams">The streams of the store.</param>
/// <param name="file">The file, as a place only; null when it has no streams.</param>
internal readonly struct StreamRemoval(StreamStore streams, FileDescriptor? file) : IDisposable
{
    /// <summary>Keeps the file of a directory entry open.</summary>
    public static unsafe FileDescriptor? Keep(FileDescriptor directory, byte[] nameWithZero)
    {
        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(directory, name, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            return opened < 0 ? null : new FileDescriptor(opened);
        }
    }

    /// <summary>Removes the streams once the name is gone.</summary>
    public void Finish()
    {
        if (file is not null)
        {
            streams.FileRemoved(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();
}
