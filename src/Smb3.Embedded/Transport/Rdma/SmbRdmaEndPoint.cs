using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded;

/// <summary>Where a server listens for RDMA connections (SMB Direct). Written <c>rdma://ADDRESS:PORT</c>.</summary>
/// <remarks>
/// Clients look for SMB Direct at port 5445; over iWARP, whose connections are those of TCP, at port 445 too (MS-SMBD 1.9).
/// </remarks>
public sealed class SmbRdmaEndPoint : IPEndPoint
{
    /// <summary>The port that clients try first.</summary>
    public const int DefaultPort = 5445;

    /// <summary>What stands in front of the address where an end point is written.</summary>
    private const string Scheme = "rdma://";

    /// <summary>Creates an end point.</summary>
    /// <param name="address">An address of an RDMA device, or all of them: <see cref="IPAddress.Any"/>.</param>
    /// <param name="port">The port.</param>
    public SmbRdmaEndPoint(IPAddress address, int port = DefaultPort)
        : base(address, port)
    {
    }

    /// <summary>Whether it is the same end point, for RDMA too.</summary>
    public override bool Equals(object? comparand) => comparand is SmbRdmaEndPoint && base.Equals(comparand);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Scheme);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Scheme}{(AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Address}]" : Address.ToString())}:{Port}");

    /// <summary>rdma://IP[:PORT]</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out SmbRdmaEndPoint? parsed)
    {
        parsed = null;
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // The framework takes "5445" for the address 0.0.21.69.
        var rest = text.AsSpan(Scheme.Length).TrimEnd('/');
        if (!rest.ContainsAny('.', ':'))
        {
            return false;
        }

        var hasPort = rest.LastIndexOf(':') > rest.LastIndexOf(']') && (rest[0] == '[' || rest.Count(':') == 1);
        if (!TryParse(rest, out var plain))
        {
            return false;
        }

        parsed = new SmbRdmaEndPoint(plain.Address, hasPort ? plain.Port : DefaultPort);
        return true;
    }

    /// <inheritdoc/>
    public override EndPoint Create(SocketAddress socketAddress)
    {
        var plain = (IPEndPoint)base.Create(socketAddress);
        return new SmbRdmaEndPoint(plain.Address, plain.Port);
    }
}
