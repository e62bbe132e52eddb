using System.Buffers.Binary;
using System.Net.Sockets;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>
/// What the kernel knows of a TCP connection's acknowledged bytes (Linux: TCP_INFO). The layout is part of the kernel's interface to
/// programs and only ever grows at its end.
/// </summary>
internal static class TcpAcknowledgement
{
    private const int ProtocolLevel = 6;
    private const int TcpInfo = 11;
    private const int BytesAckedOffset = 120;

    /// <summary>
    /// Bytes that the peer has acknowledged since the connection was made; <see langword="null"/> when that is not known.
    /// </summary>
    public static long? Read(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> info = stackalloc byte[BytesAckedOffset + sizeof(long)];
        try
        {
            return socket.GetRawSocketOption(ProtocolLevel, TcpInfo, info) == info.Length
                ? BinaryPrimitives.ReadInt64LittleEndian(info[BytesAckedOffset..])
                : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
