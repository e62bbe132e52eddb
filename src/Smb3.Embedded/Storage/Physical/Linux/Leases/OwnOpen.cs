using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Leases;

/// <summary>
/// A file that the store has opened once more for its own use. A lease that it holds on the file has stepped aside, and comes back when
/// this is closed.
/// </summary>
internal readonly struct OwnOpen : IDisposable
{
    private readonly LeaseRegister _leases;
    private readonly InodeKey? _leased;

    private OwnOpen(LeaseRegister leases, InodeKey? leased, FileDescriptor? file)
    {
        _leases = leases;
        _leased = leased;
        File = file;
    }

    /// <summary>The file; null when it could not be opened.</summary>
    public FileDescriptor? File { get; }

    /// <summary>Opens an open file again, with other flags.</summary>
    public static OwnOpen Start(LeaseRegister leases, FileDescriptor file, int flags, out Errno error)
    {
        InodeKey? leased = null;
        if (!leases.IsEmpty && InodeCalls.Stat(file, out var stat) == 0)
        {
            leased = InodeKey.Of(stat);
            leases.StepAside(leased.Value);
        }

        return new OwnOpen(leases, leased, InodeCalls.Reopen(file, flags, out error));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File?.Dispose();
        if (_leased is { } inode)
        {
            _leases.ComeBack(inode);
        }
    }
}
