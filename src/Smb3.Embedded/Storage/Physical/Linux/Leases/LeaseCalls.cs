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

    /// <summary>Takes or changes the lease of an open file, and has its break announced to a thread by a signal.</summary>
    /// <remarks>
    /// The kernel forgets signal and thread whenever it ends a lease, whoever asked for that. Without them a break is announced by SIGIO to
    /// the process, which that would end.
    /// </remarks>
    public static bool Take(FileDescriptor file, LeaseKind kind, int signal, int thread)
    {
        var owner = new Owner { Type = OwnerIsThread, Id = thread };
        return Control(file, SetSignal, signal) == 0 && Control(file, SetOwner, &owner) == 0
            && Control(file, SetLease, (nint)(int)kind) == 0;
    }

    /// <summary>Gives up the lease of an open file.</summary>
    public static void Give(FileDescriptor file) => _ = Control(file, SetLease, (nint)(int)LeaseKind.None);

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
