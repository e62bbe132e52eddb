using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What the sides tell each other when they connect (<c>struct rdma_conn_param</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ConnectionParameters
{
    public byte* Data;
    public byte DataLength;

    /// <summary>RDMA reads of the peer that may be under way.</summary>
    public byte ResponderResources;

    /// <summary>RDMA reads of ours that may be under way.</summary>
    public byte InitiatorDepth;

    public byte FlowControl;
    public byte Retries;

    /// <summary>How often a SEND is repeated that found no receive.</summary>
    public byte UnreadyRetries;

    public byte IsShared;
    public uint QueuePairNumber;
}
