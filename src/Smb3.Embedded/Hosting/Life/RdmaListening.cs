using System.Net;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.Verbs;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Listens for RDMA connections, and tells why where it cannot.</summary>
internal static class RdmaListening
{
    /// <exception cref="SmbServerStartException">It cannot listen; the message says what to do.</exception>
    public static ITransportListener Open(SmbRdmaEndPoint endPoint, TimeProvider time, RefusalLog refusals)
    {
        var settings = new SmbDirectSettings { Time = time };
        try
        {
            return new SmbDirectListener(VerbsListener.Listen(endPoint, settings, Tell), settings);
        }
        catch (RdmaException e)
        {
            throw new SmbServerStartException($"Cannot listen on {endPoint}: {e.Message}", e);
        }

        void Tell(RdmaException why, EndPoint remote) => refusals.Tell(
            nameof(RefusalMessages.RdmaRefused), ClientNetwork.Of((remote as IPEndPoint)?.Address ?? IPAddress.None), null,
            (logger, repeats) => RefusalMessages.RdmaRefused(logger, remote, why.Message, repeats));
    }
}
