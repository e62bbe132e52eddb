using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>An open file descriptor.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    public FileDescriptor(nint descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The number; valid only while the handle is open.</summary>
    public int Number => (int)handle;

    /// <summary>
    /// Whether it is known to be a place only (O_PATH). Many queries on such a descriptor must use <see cref="HandlePath"/>, that is, go
    /// through /proc, which is not necessary for an open file.
    /// </summary>
    public bool IsPlace { get; set; }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Native.Close((int)handle) == 0;
}
