using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Watching;

namespace Smb3.Embedded.Storage.Physical.Linux.Guards;

/// <summary>
/// A kernel lease on an open file, as strong as can be had. A write lease requires that the file has no other open, a read lease that no
/// open can write; both require a file of the process's own user, or CAP_LEASE. Without a lease the guard is only a watch.
/// </summary>
internal sealed class FileLease : IFileLease, ILeaseHolder, IDisposable
{
    private readonly Lock _sync = new();
    private readonly LeaseRegister _register;
    private readonly InodeKey _inode;
    private readonly FileDescriptor _file;
    private readonly Action<OutsideUse> _used;
    private readonly int _thread;
    private LeaseKind _wanted = LeaseKind.None;
    private LeaseKind _held = LeaseKind.None;
    private bool _hasEnded;

    private FileLease(LeaseRegister register, InodeKey inode, FileDescriptor file, Action<OutsideUse> used, int thread)
    {
        _register = register;
        _inode = inode;
        _file = file;
        _used = used;
        _thread = thread;
    }

    /// <summary>Starts without a lease; null when the file already has one, or when the kernel cannot announce breaks.</summary>
    public static FileLease? Start(LeaseRegister register, InodeKey inode, FileDescriptor file, Action<OutsideUse> used)
    {
        var signals = NotifyQueue.OfProcess.Leases;
        if (signals.Thread is not (> 0 and var thread))
        {
            return null;
        }

        var lease = new FileLease(register, inode, file, used, thread);
        if (!register.TryAdd(inode, lease))
        {
            return null;
        }

        // The handle stays open as long as its number is listed.
        var isHeld = false;
        file.DangerousAddRef(ref isHeld);
        signals.Add(file.Number, lease);
        return lease;
    }

    /// <summary>Sets which lease there should be.</summary>
    public void Want(LeaseKind kind)
    {
        lock (_sync)
        {
            _wanted = kind;
            Apply();
        }
    }

    /// <inheritdoc/>
    public void StepAside()
    {
        lock (_sync)
        {
            Give();
        }
    }

    /// <inheritdoc/>
    public void ComeBack()
    {
        lock (_sync)
        {
            Apply();
        }
    }

    /// <inheritdoc/>
    public void Look()
    {
        OutsideUse use;
        lock (_sync)
        {
            if (_held == LeaseKind.None)
            {
                return;
            }

            var target = LeaseCalls.Get(_file);
            if (target == _held)
            {
                return;
            }

            use = target == LeaseKind.Read ? OutsideUse.Reads : OutsideUse.Changes;
        }

        _used(use);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_sync)
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            _register.Remove(_inode, this);
            Give();
        }

        NotifyQueue.OfProcess.Leases.Remove(_file.Number, this);
        _file.DangerousRelease();
    }

    private void Apply()
    {
        if (_hasEnded || _held == _wanted)
        {
            return;
        }

        if (_wanted != LeaseKind.None && LeaseCalls.Take(_file, _wanted, LeaseSignals.Signal, _thread))
        {
            _held = _wanted;
        }
        else
        {
            Give();
        }
    }

    private void Give()
    {
        if (_held != LeaseKind.None)
        {
            _held = LeaseKind.None;
            LeaseCalls.Give(_file);
        }
    }
}
