using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>
/// A named stream that is in use: the state that all handles on it share. The data is either held here and written through to the
/// attribute, or in a file of its own. Everything is guarded by the lock of the inode.
/// </summary>
internal sealed class NamedStream(InodeKey inode, string name, byte[] diskName) : ILengthSource
{
    private FileDescriptor? _retired;

    /// <summary>The file that the stream belongs to.</summary>
    public InodeKey Inode => inode;

    /// <summary>The name in the case in which it was created.</summary>
    public string Name { get; set; } = name;

    /// <summary>The name of the attribute, with a terminating zero.</summary>
    public byte[] DiskName { get; set; } = diskName;

    /// <summary>The data, while it is small; never changed in place.</summary>
    public byte[]? Data { get; set; }

    /// <summary>The file that holds the data, when it is not small.</summary>
    public FileDescriptor? Side { get; private set; }

    /// <summary>The side file's id.</summary>
    public Guid Id { get; private set; }

    /// <summary>Whether the side file belongs to another inode: it is then copied before it is written.</summary>
    public bool IsForeign { get; private set; }

    /// <summary>Whether its attribute is gone: the stream then goes with its last handle.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>The number of open handles.</summary>
    public int Handles { get; set; }

    /// <summary>What the file costs its owner; null when nobody counts.</summary>
    public InodeCharge? Charge { get; set; }

    /// <summary>The length that is charged for the stream, or for the data of the file that it has become.</summary>
    public ChargedLength? Length { get; set; }

    /// <summary>The content that the attribute should have.</summary>
    public StreamAttribute Attribute => new(Name, Data, Data is null ? Id : Guid.Empty);

    /// <summary>Whether the data is now that of the file itself.</summary>
    public bool IsUnnamed => Side is not null && Id == Guid.Empty;

    /// <summary>Moves the data to a file. A file that held it before stays open as long as the stream, for reads in progress.</summary>
    public void MoveTo(FileDescriptor side, Guid id, bool isForeign)
    {
        _retired = Side;
        Side = side;
        Id = id;
        IsForeign = isForeign;
        Data = null;
    }

    /// <inheritdoc/>
    public bool TryGetLength(out long length)
    {
        // Once the data is in a file, it stays in one.
        if (Data is { } data)
        {
            length = data.Length;
            return true;
        }

        length = 0;
        return Side is null || new InodeLength(Side).TryGetLength(out length);
    }

    /// <summary>Closes what is open.</summary>
    public void Close()
    {
        _retired?.Dispose();
        Side?.Dispose();
    }
}
