using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>A protection domain of a device.</summary>
internal sealed class ProtectionDomain : IProtectionDomain
{
    private ProtectionDomain(nint domain) => Pointer = domain;

    public nint Pointer { get; }

    /// <exception cref="RdmaException">The system refuses.</exception>
    public static ProtectionDomain Create(nint context)
    {
        var domain = VerbsCalls.AllocateDomain(context);
        return domain != 0
            ? new ProtectionDomain(domain)
            : throw RdmaException.Refused("no protection domain can be allocated", Marshal.GetLastPInvokeError());
    }

    public nint Register(ulong address, int length, bool isOpenToPeer, out int error)
    {
        var access = VerbsCalls.LocalWrite | (isOpenToPeer ? VerbsCalls.RemoteWrite : 0);
        var registration = VerbsCalls.Register(Pointer, (nint)address, (nuint)length, access);
        error = registration == 0 ? Marshal.GetLastPInvokeError() : 0;
        return registration;
    }

    public uint KeyOf(nint registration) => VerbsCalls.KeyOf(registration);

    public void Deregister(nint registration) => _ = VerbsCalls.Deregister(registration);

    public void Free() => _ = VerbsCalls.FreeDomain(Pointer);
}
