using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What a queue pair is made from (<c>struct ibv_qp_init_attr</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QueuePairAttributes
{
    public const int ReliableConnection = 2; // IBV_QPT_RC

    public nint Context;
    public nint SendCompletions;
    public nint ReceiveCompletions;
    public nint SharedReceives;
    public uint MaxSends;
    public uint MaxReceives;
    public uint MaxSendPieces;
    public uint MaxReceivePieces;
    public uint MaxInline;
    public int Type;
    public int SignalAll;
}
