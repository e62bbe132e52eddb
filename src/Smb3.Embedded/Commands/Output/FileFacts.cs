using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Output;

/// <summary>Converts what a store knows about a file to what the wire says.</summary>
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
