using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Control.Places;

/// <summary>Who is at the other end of a local socket, where the system says so.</summary>
internal static class PeerUser
{
    /// <summary>The user id; null where the system does not say.</summary>
    /// <exception cref="SocketException">The system refuses to say.</exception>
    public static uint? Of(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            // unix(7): struct ucred { pid_t pid; uid_t uid; gid_t gid; }
            const int SocketLevel = 1;
            var peerCredentials = RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 21 : 17;
            Span<byte> found = stackalloc byte[12];
            socket.GetRawSocketOption(SocketLevel, peerCredentials, found);
            return MemoryMarshal.Read<uint>(found[4..]);
        }

        if (OperatingSystem.IsMacOS())
        {
            // unix(4): struct xucred { u_int cr_version; uid_t cr_uid; … }
            const int LocalLevel = 0;
            const int LocalPeerCredentials = 1;
            Span<byte> found = stackalloc byte[76];
            socket.GetRawSocketOption(LocalLevel, LocalPeerCredentials, found);
            return MemoryMarshal.Read<uint>(found[4..]);
        }

        return null;
    }

    /// <summary>Whether somebody may control what this user has: the user, and root, who may do everything anyway.</summary>
    public static bool IsTrusted(uint? user) => user is null or 0 || user == FileOwner.Own;
}
