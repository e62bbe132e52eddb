using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Rdma.Verbs.Native;

/// <summary>What became of a piece of work (<c>struct ibv_wc</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
internal struct WorkCompletion
{
    /// <summary>What it was posted with.</summary>
    [FieldOffset(0)]
    public ulong Id;

    /// <summary>0: it was done. Nothing else is set when it was not.</summary>
    [FieldOffset(8)]
    public int Status;

    /// <summary>Bytes that were received.</summary>
    [FieldOffset(20)]
    public uint Length;
}
