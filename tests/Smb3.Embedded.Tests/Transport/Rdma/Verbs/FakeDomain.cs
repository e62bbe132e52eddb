using Smb3.Embedded.Transport.Rdma.Verbs;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>A protection domain that only remembers what is registered.</summary>
internal sealed class FakeDomain : IProtectionDomain
{
    private nint _last;

    public Dictionary<nint, bool> Registered { get; } = [];

    public int Freed { get; private set; }

    public bool Refuses { get; set; }

    /// <summary>All that was ever registered.</summary>
    public int Bytes { get; private set; }

    public nint Register(ulong address, int length, bool isOpenToPeer, out int error)
    {
        error = Refuses ? VerbsCalls.OutOfMemory : 0;
        if (Refuses)
        {
            return 0;
        }

        Bytes += length;
        Registered.Add(++_last, isOpenToPeer);
        return _last;
    }

    public uint KeyOf(nint registration) => (uint)registration;

    public void Deregister(nint registration) => Assert.True(Registered.Remove(registration));

    public void Free()
    {
        Assert.Empty(Registered);
        Freed++;
    }
}
