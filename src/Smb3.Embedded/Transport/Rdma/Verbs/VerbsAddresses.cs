using System.Net;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>Which addresses of this machine are those of an RDMA device now.</summary>
internal static class VerbsAddresses
{
    /// <summary>Whether an address is one that RDMA connections can be made to: the connection manager binds to it and names a device.</summary>
    public static unsafe bool Has(IPAddress address)
    {
        try
        {
            // Without a channel it gets one of its own, which goes with it.
            if (CmCalls.CreateId(0, out var id, 0, CmCalls.TcpPortSpace) != 0)
            {
                return false;
            }

            var socketAddress = new IPEndPoint(address, 0).Serialize();
            fixed (byte* start = socketAddress.Buffer.Span)
            {
                var has = CmCalls.Bind(id, start) == 0 && new CmId(id).Context != 0;
                _ = CmCalls.DestroyId(id);
                return has;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }
}
