namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Identifies an inode among all that the store serves, by device and number.</summary>
internal readonly record struct InodeKey(ulong Device, ulong Number)
{
    /// <summary>The key of an inode.</summary>
    public static InodeKey Of(in StatxBuffer stat) => new(stat.Device, stat.Inode);
}

/// <summary>
/// A named stream that is in use: the state that all handles on it share. The data is either held here and written through to the
/// attribute, or in a file of its own. Everything is guarded by the lock of the inode.
/// </summary>
internal sealed class NamedStream(InodeKey inode, string name, byte[] diskName)
{
    private LinuxFile? _retired;

    /// <summary>The file that the stream belongs to.</summary>
    public InodeKey Inode => inode;

    /// <summary>The name in the case in which it was created.</summary>
    public string Name { get; set; } = name;

    /// <summary>The name of the attribute, with a terminating zero.</summary>
    public byte[] DiskName { get; set; } = diskName;

    /// <summary>The data, while it is small; never changed in place.</summary>
    public byte[]? Data { get; set; }

    /// <summary>The file that holds the data, when it is not small.</summary>
    public LinuxFile? Side { get; private set; }

    /// <summary>The side file's id.</summary>
    public Guid Id { get; private set; }

    /// <summary>Whether the side file belongs to another inode: it is then copied before it is written.</summary>
    public bool IsForeign { get; private set; }

    /// <summary>Whether its attribute is gone: the stream then goes with its last handle.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>The number of open handles.</summary>
    public int Handles { get; set; }

    /// <summary>The content that the attribute should have.</summary>
    public StreamAttribute Attribute => new(Name, Data, Data is null ? Id : Guid.Empty);

    /// <summary>Moves the data to a file. A file that held it before stays open as long as the stream, for reads in progress.</summary>
    public void MoveTo(LinuxFile side, Guid id, bool isForeign)
    {
        _retired = Side;
        Side = side;
        Id = id;
        IsForeign = isForeign;
        Data = null;
    }

    /// <summary>Closes what is open.</summary>
    public async ValueTask CloseAsync()
    {
        if (_retired is { } retired)
        {
            await retired.DisposeAsync().ConfigureAwait(false);
        }

        if (Side is { } side)
        {
            await side.DisposeAsync().ConfigureAwait(false);
        }
    }
}
