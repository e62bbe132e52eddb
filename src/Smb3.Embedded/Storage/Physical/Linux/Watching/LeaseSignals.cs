using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>Holds a kernel lease. Called on the thread of the <see cref="NotifyQueue"/>; must neither wait nor throw.</summary>
internal interface ILeaseHolder
{
    /// <summary>Checks whether the lease is being broken.</summary>
    void Look();
}

/// <summary>
/// Receives the signals by which the kernel announces that a lease is to be broken. They are directed to one thread, which has them blocked
/// and reads them as data (signalfd(2)): no handler runs, and no other thread of the process is disturbed.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Part of the process's queue, which lives as long.")]
internal sealed unsafe partial class LeaseSignals
{
    /// <summary>The signal: one of the last free ones, which the runtime does not use.</summary>
    public const int Signal = 62;

    // When the kernel cannot queue any more, it falls back on this signal, which does not tell which file it is for.
    private const int Fallback = 29; // SIGIO
    private const int Block = 0; // SIG_BLOCK
    private const int InfoSize = 128; // struct signalfd_siginfo
    private const int DescriptorAt = 20; // ssi_fd
    private const string C = "libc";

    private readonly ConcurrentDictionary<int, ILeaseHolder> _holders = [];
    private readonly ManualResetEventSlim _isReady = new();
    private FileDescriptor? _signals;
    private int _thread;

    private static nint SignalFdNumber => Native.IsArm ? 74 : 289;

    private static nint ProcMaskNumber => Native.IsArm ? 135 : 14;

    private static nint ThreadIdNumber => Native.IsArm ? 178 : 186;

    /// <summary>The thread that signals must be directed to; 0: there is none.</summary>
    public int Thread
    {
        get
        {
            _isReady.Wait();
            return Volatile.Read(ref _thread);
        }
    }

    /// <summary>The descriptor to wait for; -1: none.</summary>
    public int Descriptor => _signals?.Number ?? -1;

    /// <summary>Makes the calling thread the one that takes the signals.</summary>
    public void Begin()
    {
        var mask = (1UL << (Signal - 1)) | (1UL << (Fallback - 1));
        if (Call(ProcMaskNumber, Block, (nint)(&mask), 0, sizeof(ulong)) == 0)
        {
            var opened = Call(SignalFdNumber, -1, (nint)(&mask), sizeof(ulong), WatchCalls.NonBlocking | WatchCalls.CloseOnExec);
            if (opened >= 0)
            {
                _signals = new FileDescriptor(opened);
                Volatile.Write(ref _thread, (int)Call(ThreadIdNumber, 0, 0, 0, 0));
            }
        }

        _isReady.Set();
    }

    /// <summary>Called when the thread ends.</summary>
    public void End()
    {
        _isReady.Reset();
        Volatile.Write(ref _thread, 0);
        _signals?.Dispose();
        _signals = null;
    }

    /// <summary>Registers a holder to be told of breaks.</summary>
    public void Add(int descriptor, ILeaseHolder holder) => _holders[descriptor] = holder;

    /// <summary>Unregisters a holder.</summary>
    public void Remove(int descriptor, ILeaseHolder holder) => _holders.TryRemove(KeyValuePair.Create(descriptor, holder));

    /// <summary>Reads all pending signals.</summary>
    public void Read()
    {
        const int Many = 16;
        var buffer = stackalloc byte[Many * InfoSize];
        while (_signals is { } signals && WatchCalls.Read(signals, buffer, Many * InfoSize) is > 0 and var length)
        {
            var all = new ReadOnlySpan<byte>(buffer, (int)length);
            for (; all.Length >= InfoSize; all = all[InfoSize..])
            {
                if (BinaryPrimitives.ReadInt32LittleEndian(all) == Fallback)
                {
                    LookAtAll();
                }
                else if (_holders.TryGetValue(BinaryPrimitives.ReadInt32LittleEndian(all[DescriptorAt..]), out var holder))
                {
                    holder.Look();
                }
            }
        }
    }

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint first, nint second, nint third, nint fourth);

    private void LookAtAll()
    {
        foreach (var holder in _holders.Values)
        {
            holder.Look();
        }
    }
}
