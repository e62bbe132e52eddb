using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>A piece of registered memory (<c>struct ibv_sge</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryPiece
{
    public ulong Address;
    public uint Length;
    public uint Key;
}

/// <summary>What the device is to do with the peer.</summary>
internal enum WorkKind
{
    Write = 0, // IBV_WR_RDMA_WRITE
    Send = 2, // IBV_WR_SEND
    Read = 4, // IBV_WR_RDMA_READ
    SendWithInvalidate = 9, // IBV_WR_SEND_WITH_INV
}

/// <summary>One piece of work (<c>struct ibv_send_wr</c>).</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal unsafe struct SendRequest
{
    public const uint Signaled = 2; // IBV_SEND_SIGNALED

    public ulong Id;
    public SendRequest* Next;
    public MemoryPiece* Pieces;
    public int PieceCount;
    public WorkKind Kind;
    public uint Flags;
    public uint Invalidates;
    public ulong RemoteAddress;
    public uint RemoteKey;
}

/// <summary>Room for a SEND of the peer (<c>struct ibv_recv_wr</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ReceiveRequest
{
    public ulong Id;
    public ReceiveRequest* Next;
    public MemoryPiece* Pieces;
    public int PieceCount;
}
