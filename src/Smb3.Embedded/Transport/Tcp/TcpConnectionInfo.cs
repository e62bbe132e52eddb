using System.Buffers.Binary;
using System.Net.Sockets;

namespace Smb3.Embedded.Transport.Tcp;

/// <summary>
/// What the kernel knows of a TCP connection (Linux: TCP_INFO). The layout is part of the kernel's interface to programs and only ever
/// grows at its end.
/// </summary>
internal static class TcpConnectionInfo
{
    private const int ProtocolLevel = 6;
    private const int TcpInfo = 11;
    private const int BytesAckedOffset = 120;

    // The states of a connection that the peer has closed or reset, as the kernel numbers them.
    private const byte TimeWait = 6;
    private const byte Close = 7;
    private const byte CloseWait = 8;
    private const byte LastAck = 9;
    private const byte Closing = 11;

    /// <summary>
    /// Bytes that the peer has acknowledged since the connection was made; <see langword="null"/> when that is not known.
    /// </summary>
    public static long? BytesAcknowledged(Socket socket)
    {
        Span<byte> info = stackalloc byte[BytesAckedOffset + sizeof(long)];
        return TryRead(socket, info) ? BinaryPrimitives.ReadInt64LittleEndian(info[BytesAckedOffset..]) : null;
    }

    /// <summary>Whether the peer has closed the connection, though what it sent before may not have been read; <see langword="false"/> when that is not known.</summary>
    public static bool HasPeerClosed(Socket socket)
    {
        Span<byte> state = stackalloc byte[1];
        return TryRead(socket, state) && state[0] is TimeWait or Close or CloseWait or LastAck or Closing;
    }

    private static bool TryRead(Socket socket, Span<byte> info)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            return socket.GetRawSocketOption(ProtocolLevel, TcpInfo, info) == info.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
