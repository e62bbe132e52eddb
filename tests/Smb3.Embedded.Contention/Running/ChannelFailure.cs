using System.Net.Sockets;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Contention.Running;

/// <summary>Tells what goes wrong because a channel has failed from what must not go wrong.</summary>
internal static class ChannelFailure
{
    public static bool Is(Exception e) =>
        e is EndOfStreamException or TimeoutException or IOException or InvalidDataException or ObjectDisposedException or SocketException
            or OperationCanceledException
            or KeyNotFoundException // the keys of a session on a channel that has ended
        || e is SmbTestException { Status: NtStatus.UserSessionDeleted or NtStatus.RequestNotAccepted or NtStatus.NetworkNameDeleted };
}
