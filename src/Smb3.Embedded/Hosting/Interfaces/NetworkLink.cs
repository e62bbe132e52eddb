using System.Net;

namespace Smb3.Embedded.Hosting.Interfaces;

/// <summary>A network interface of this machine with its addresses.</summary>
/// <param name="Name">The system's name for it.</param>
/// <param name="Index">The system's number for it.</param>
/// <param name="IsUp">Whether it carries traffic.</param>
/// <param name="IsLoopback">Whether it reaches only this machine.</param>
/// <param name="IsInternal">Whether it reaches only containers or virtual machines of this machine.</param>
/// <param name="LinkSpeed">Bits per second.</param>
/// <param name="Rss">Whether it spreads what it receives over several queues.</param>
/// <param name="Addresses">Those that are in use.</param>
internal sealed record NetworkLink(
    string Name, uint Index, bool IsUp, bool IsLoopback, bool IsInternal, ulong LinkSpeed, bool Rss, IReadOnlyList<IPAddress> Addresses);
