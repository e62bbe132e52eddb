using System.Runtime.InteropServices;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Leases;

/// <summary>The system calls for leases (fcntl(2), F_SETLEASE).</summary>
internal static unsafe partial class LeaseCalls
{
    private const int SetSignal = 10; // F_SETSIG
    private const int SetOwner = 15; // F_SETOWN_EX
    private const int SetLease = 1024; // F_SETLEASE
    private const int GetLease = 1025; // F_GETLEASE
    private const int OwnerIsThread = 0; // F_OWNER_TID

    private const string C = "libc";

    /// <summary>Has breaks announced to the thread <paramref name="thread"/> by <paramref name="signal"/>.</summary>
    public static bool Direct(FileDescriptor file, int signal, int thread)
    {
        var owner = new Owner { Type = OwnerIsThread, Id = thread };
        return Control(file, SetSignal, signal) == 0 && Control(file, SetOwner, &owner) == 0;
    }

    /// <summary>Takes, changes or gives up the lease of an open file.</summary>
    public static bool Set(FileDescriptor file, LeaseKind kind) => Control(file, SetLease, (nint)(int)kind) == 0;

    /// <summary>The present lease; while it is being broken, the kind that it is to become.</summary>
    public static LeaseKind Get(FileDescriptor file) => (LeaseKind)Control(file, GetLease, 0);

    [LibraryImport(C, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(FileDescriptor file, int command, nint argument);

    [LibraryImport(C, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(FileDescriptor file, int command, Owner* argument);

    /// <summary>struct f_owner_ex.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Owner
    {
        public int Type;
        public int Id;
    }
}

/// <summary>Kinds of lease.</summary>
internal enum LeaseKind
{
    /// <summary>F_RDLCK: broken when another program opens the file for writing or truncates it.</summary>
    Read = 0,

    /// <summary>F_WRLCK: broken when the file is opened at all.</summary>
    Write = 1,

    /// <summary>F_UNLCK: none.</summary>
    None = 2,
}
