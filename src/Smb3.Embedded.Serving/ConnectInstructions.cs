using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Serving;

/// <summary>Tells how every kind of client connects.</summary>
internal static class ConnectInstructions
{
    private const int SmbPort = 445;

    public static void Print(TextWriter output, IReadOnlyList<EndPoint> endPoints, IReadOnlyList<string> shares, string user, string? password)
    {
        var share = shares[0];
        output.WriteLine();
        output.WriteLine($"shares: {string.Join(", ", shares)}");
        if (password is not null)
        {
            output.WriteLine($"user: {user}  password: {password}");
        }

        output.WriteLine();
        output.WriteLine("connect with");
        if (endPoints.FirstOrDefault(endPoint => endPoint is not SmbRdmaEndPoint) is { } byTcp)
        {
            PrintTcp(output, byTcp, share, user, password is null ? user : $"{user}%{password}");
        }

        if (endPoints.OfType<SmbRdmaEndPoint>().FirstOrDefault() is { } byRdma)
        {
            output.WriteLine($"  Linux      sudo mount -t cifs //{HostOf(byRdma.Address)}/{share} /mnt -o rdma,user={user}   (by RDMA)");
        }

        output.WriteLine();
        output.WriteLine("Ctrl-C ends it.");
    }

    private static void PrintTcp(TextWriter output, EndPoint endPoint, string share, string user, string withUser)
    {
        var (host, port) = endPoint is IPEndPoint ip ? (HostOf(ip.Address), ip.Port) : (endPoint.ToString()!, SmbPort);
        var usual = port == SmbPort;
        output.WriteLine($"  smbclient  smbclient //{host}/{share} {(usual ? string.Empty : $"-p {port} ")}-U '{withUser}'");
        output.WriteLine($"  Linux      sudo mount -t cifs //{host}/{share} /mnt -o {(usual ? string.Empty : $"port={port},")}user={user}");
        output.WriteLine($"  macOS      Finder, Go, Connect to Server: smb://{user}@{host}{(usual ? string.Empty : $":{port}")}/{share}");
        output.WriteLine(usual
            ? $@"  Windows    net use Z: \\{host}\{share} /user:{user}"
            : $@"  Windows    net use Z: \\{host}\{share} /user:{user} /TCPPORT:{port}   (11 24H2, Server 2025; older ones need port 445)");
    }

    private static string HostOf(IPAddress address)
    {
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return Dns.GetHostName();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
    }
}
