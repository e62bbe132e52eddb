using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Contention.Caching;

/// <summary>One open of a client.</summary>
internal sealed class FileHandle(SmbTestFile file, ulong number, FileAccessMask access, CachedFile? cache)
{
    public SmbTestFile File { get; } = file;

    /// <summary>The server's number of the file, which stays when its name changes.</summary>
    public ulong Number { get; } = number;

    public FileAccessMask Access { get; } = access;

    public CachedFile? Cache { get; } = cache;

    /// <summary>Whether the user closed it, while the client keeps it for the next open.</summary>
    public bool Parked { get; set; }

    /// <summary>Whether it was the last open of its cache when it was given up.</summary>
    public bool WasLast { get; set; }

    /// <summary>Blocks that it holds locked, with the version that was read under the lock.</summary>
    public Dictionary<int, long> Locked { get; } = [];

    public bool Reads => (Access & FileAccessMask.ReadData) != 0;

    public bool Writes => (Access & FileAccessMask.WriteData) != 0;
}
