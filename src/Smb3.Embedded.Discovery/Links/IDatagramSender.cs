using System.Net;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>Where the datagrams of one link go. Nothing that it does throws: what the system refuses is lost, as a datagram may be.</summary>
internal interface IDatagramSender : IDisposable
{
    /// <summary>Sends to the group, that is, to all of the link who listen.</summary>
    void Send(ReadOnlySpan<byte> message);

    /// <summary>Sends to one host.</summary>
    void Send(ReadOnlySpan<byte> message, IPEndPoint to);
}
