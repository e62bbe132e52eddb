using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What a device can do (<c>struct ibv_device_attr</c>), as far as it matters here.</summary>
[StructLayout(LayoutKind.Explicit, Size = 232)]
internal struct DeviceAttributes
{
    private const uint MemoryManagementExtensions = 1 << 21; // IBV_DEVICE_MEM_MGT_EXTENSIONS

    /// <summary>Bytes of the largest region of memory.</summary>
    [FieldOffset(80)]
    public ulong MaxRegion;

    /// <summary>Requests that a queue holds.</summary>
    [FieldOffset(112)]
    public int MaxRequests;

    [FieldOffset(116)]
    public uint Capabilities;

    /// <summary>Entries of a completion queue.</summary>
    [FieldOffset(132)]
    public int MaxCompletions;

    /// <summary>RDMA reads of the peer that may be under way.</summary>
    [FieldOffset(144)]
    public int MaxResponderReads;

    /// <summary>RDMA reads of ours that may be under way.</summary>
    [FieldOffset(156)]
    public int MaxInitiatorReads;

    /// <summary>Whether a SEND can close memory of the peer.</summary>
    public readonly bool CanInvalidate => (Capabilities & MemoryManagementExtensions) != 0;
}
