using System.Net;

namespace Smb3.Embedded.Sessions;

/// <summary>An address at which clients can reach the server, and what its link can do.</summary>
/// <param name="Index">The interface that has the address; addresses of one interface share it.</param>
/// <param name="Address">IPv4 or IPv6.</param>
/// <param name="LinkSpeed">Bits per second.</param>
/// <param name="Rss">Whether the link spreads connections over processors: clients then open several to the same address.</param>
/// <param name="Rdma">Whether it is reached by RDMA, and not by TCP.</param>
internal sealed record ServerInterface(uint Index, IPAddress Address, ulong LinkSpeed, bool Rss, bool Rdma = false);
