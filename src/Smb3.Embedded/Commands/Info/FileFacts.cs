using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands;

/// <summary>From what a store knows of a file to what the wire says of it.</summary>
internal static class FileFacts
{
    public static FileNetworkOpenInformation ToNetworkOpen(this in FileMetadata metadata) => new()
    {
        CreationTime = metadata.CreationTime,
        LastAccessTime = metadata.LastAccessTime,
        LastWriteTime = metadata.LastWriteTime,
        ChangeTime = metadata.ChangeTime,
        AllocationSize = metadata.AllocationSize,
        EndOfFile = metadata.Length,
        Attributes = metadata.Attributes,
    };
}
