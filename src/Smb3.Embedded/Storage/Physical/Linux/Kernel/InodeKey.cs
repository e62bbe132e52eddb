namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>Identifies an inode among all that the store serves, by device and number.</summary>
internal readonly record struct InodeKey(ulong Device, ulong Number)
{
    /// <summary>The key of an inode.</summary>
    public static InodeKey Of(in StatxBuffer stat) => new(stat.Device, stat.Inode);
}
