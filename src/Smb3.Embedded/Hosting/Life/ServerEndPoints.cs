using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp;
using Smb3.Embedded.Transport.Tcp.Linux;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>Where a server listens.</summary>
/// <param name="own">Its end points.</param>
/// <param name="transports">What makes the listeners of the host's own transports.</param>
internal sealed class ServerEndPoints(IReadOnlyList<IPEndPoint> own, IReadOnlyList<Func<ITransportListener>> transports)
{
    private const int Backlog = 512;

    /// <summary>Those of TCP and RDMA.</summary>
    public IReadOnlyList<IPEndPoint> Own => own;

    /// <summary>What the options name; without any, the sockets that systemd hands over, or the loopback.</summary>
    public static ServerEndPoints Of(SmbServerOptions options)
    {
        IReadOnlyList<IPEndPoint> own = options.Listen.Count > 0 || options.Transports.Count > 0 ? [.. options.Listen]
            : OperatingSystem.IsLinux() && ActivatedSockets.EndPoints.ToArray() is { Length: > 0 } activated ? activated
            : [new IPEndPoint(IPAddress.Loopback, SmbServerOptions.DefaultPort)];
        return new ServerEndPoints(own, [.. options.Transports]);
    }

    /// <summary>Listens on an end point of TCP.</summary>
    /// <param name="endPoint">The end point.</param>
    /// <param name="setting">What it can be changed with, for the message.</param>
    /// <param name="portable">Whether connections are read the same way on every system.</param>
    /// <exception cref="SmbServerStartException">It cannot be used.</exception>
    public static TcpTransportListener Listen(IPEndPoint endPoint, string setting, bool portable = false)
    {
        try
        {
            return TcpTransportListener.Listen(endPoint, Backlog, portable);
        }
        catch (SocketException e)
        {
            throw new SmbServerStartException($"Cannot listen on {endPoint}: {Explain(e.SocketErrorCode, endPoint, setting)}", e);
        }
    }

    /// <summary>Listens on all of them.</summary>
    /// <exception cref="SmbServerStartException">One cannot be used.</exception>
    public void Listen(ServerRun run)
    {
        foreach (var endPoint in own)
        {
            if (endPoint is SmbRdmaEndPoint rdma)
            {
                run.AddRdma(rdma);
            }
            else
            {
                run.Add(new DirectTcpListener(Listen(endPoint, "Listen (--listen)")));
            }
        }

        foreach (var transport in transports)
        {
            run.Add(transport());
        }
    }

    private static string Explain(SocketError error, IPEndPoint endPoint, string setting) => error switch
    {
        SocketError.AddressAlreadyInUse =>
            $"port {endPoint.Port} is already in use. Stop the program that has it, or choose another port with {setting}.",
        SocketError.AccessDenied =>
            $"this account may not use port {endPoint.Port}. Choose a port above 1023 with {setting}, or run with the right to it.",
        SocketError.AddressNotAvailable =>
            $"{endPoint.Address} is not an address of this machine. Choose one that is, or 0.0.0.0 for all, with {setting}.",
        SocketError.AddressFamilyNotSupported =>
            $"this machine does not speak that address family. Choose another address with {setting}.",
        _ => $"{error}. Choose another end point with {setting}.",
    };
}
