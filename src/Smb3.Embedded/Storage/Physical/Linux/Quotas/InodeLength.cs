using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>The length of an open file.</summary>
internal sealed class InodeLength(FileDescriptor file) : ILengthSource
{
    /// <inheritdoc/>
    public bool TryGetLength(out long length)
    {
        var error = InodeCalls.Stat(file, out var stat);
        length = stat.Size;
        return error == 0;
    }
}
