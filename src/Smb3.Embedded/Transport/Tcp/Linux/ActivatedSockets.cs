using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>
/// Sockets that listened before the process began: systemd binds them as its .socket unit says and hands them over (sd_listen_fds(3)), so that the
/// server needs no right to a port, and that nobody who connects while it starts again is refused. They stay open for as long as the process lives.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class ActivatedSockets
{
    private const int First = 3; // SD_LISTEN_FDS_START

    /// <summary>More are not from systemd.</summary>
    private const int Most = 1024;

    private static readonly Lazy<IReadOnlyList<(IPEndPoint EndPoint, int Descriptor)>> Found = new(Find);

    /// <summary>Where they listen.</summary>
    public static IEnumerable<IPEndPoint> EndPoints => Found.Value.Select(static one => one.EndPoint);

    /// <summary>The one that listens at an end point, to be disposed by whoever uses it; <see langword="null"/>: there is none.</summary>
    public static Socket? TryUse(IPEndPoint endPoint) =>
        Found.Value.FirstOrDefault(one => one.EndPoint.Equals(endPoint)) is { EndPoint: not null } found ? Duplicate(found.Descriptor) : null;

    private static List<(IPEndPoint EndPoint, int Descriptor)> Find()
    {
        var found = new List<(IPEndPoint EndPoint, int Descriptor)>();
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count > Most)
        {
            return found; // they were meant for another process, from which this one has the variables
        }

        for (var descriptor = First; descriptor < First + count; descriptor++)
        {
            // A process that is started by this one shall not have them.
            _ = SocketCalls.Control(descriptor, SocketCalls.SetDescriptorFlags, SocketCalls.CloseOnExec);
            using var socket = Duplicate(descriptor);
            if (socket is { SocketType: SocketType.Stream, LocalEndPoint: IPEndPoint endPoint })
            {
                found.Add((endPoint, descriptor));
            }
        }

        return found;
    }

    private static Socket? Duplicate(int descriptor)
    {
        var copy = SocketCalls.Control(descriptor, SocketCalls.Duplicate, First);
        if (copy < 0)
        {
            return null;
        }

        try
        {
            return new Socket(new SafeSocketHandle(copy, ownsHandle: true));
        }
        catch (SocketException)
        {
            return null; // no socket, or none of a kind that .NET knows
        }
    }
}
