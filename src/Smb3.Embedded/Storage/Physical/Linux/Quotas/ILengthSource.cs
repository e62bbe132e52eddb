using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>Knows how long a file's data, or a stream, is at present.</summary>
internal interface ILengthSource
{
    /// <summary>The length; false when it cannot be determined.</summary>
    bool TryGetLength(out long length);
}

/// <summary>Knows the named streams of files.</summary>
internal interface IStreamLengths
{
    /// <summary>The length of all named streams of a file together.</summary>
    long TotalOf(FileDescriptor file, in StatxBuffer stat);
}
