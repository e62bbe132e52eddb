using Smb3.Embedded.Storage.Physical.Linux.Attributes;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Removes the streams of a file that loses its last name: they are looked up before, and removed after.</summary>
internal readonly struct StreamRemoval : IDisposable
{
    private readonly LinuxFileStore _store;
    private readonly FileDescriptor? _file;

    private StreamRemoval(LinuxFileStore store, FileDescriptor? file)
    {
        _store = store;
        _file = file;
    }

    /// <summary>Keeps a directory entry's file open if it has any streams.</summary>
    public static unsafe StreamRemoval Prepare(LinuxFileStore store, FileDescriptor directory, byte[] nameWithZero, in StatxBuffer stat)
    {
        if (!store.Attributes.OfEntry(directory, nameWithZero, stat).HasStreams)
        {
            return new StreamRemoval(store, null);
        }

        fixed (byte* name = nameWithZero)
        {
            var opened = Native.OpenAt(directory, name, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            return new StreamRemoval(store, opened < 0 ? null : new FileDescriptor(opened));
        }
    }

    /// <summary>Removes the streams once the name is gone.</summary>
    public void Finish()
    {
        if (_file is not null)
        {
            _store.Streams.FileRemoved(_file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
