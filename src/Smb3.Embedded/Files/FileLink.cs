using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>One name of an open file (MS-FSA 2.1.1.5, Link). Guarded by the lock of its file.</summary>
internal sealed class FileLink(WholeFile whole, StorePath path)
{
    /// <summary>The file that it names.</summary>
    public FileObject File => whole.Data;

    /// <summary>Where the name is now, in the case in which it was created.</summary>
    public StorePath Path { get; set; } = path;

    /// <summary>Whether the name is removed when its last open is closed; until then it cannot be opened.</summary>
    public bool DeletePending { get; set; }

    /// <summary>The lease on the directory that the deleting client named (<see cref="LeaseIdentity.ParentKey"/>).</summary>
    public Guid? DeleterParentKey { get; set; }

    /// <summary>Whether the name is gone already while opens still hold the file (POSIX delete, or replaced by a rename).</summary>
    public bool Removed { get; set; }

    /// <summary>Opens that came by this name.</summary>
    public int OpenCount { get; set; }
}
