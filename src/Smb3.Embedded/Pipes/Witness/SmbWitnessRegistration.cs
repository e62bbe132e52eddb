using System.Net;

namespace Smb3.Embedded;

/// <summary>A client that has registered with the witness service, as inspection shows it.</summary>
/// <param name="ClientName">What the client calls its machine.</param>
/// <param name="UserName">Who registered.</param>
/// <param name="NetworkName">The name of the server that it watches.</param>
/// <param name="Address">The address that it watches: the one that its files are at.</param>
/// <param name="ShareName">The share that it watches; null: none.</param>
/// <param name="IsWaiting">Whether it waits for notifications at this moment.</param>
public sealed record SmbWitnessRegistration(
    string ClientName, string UserName, string NetworkName, IPAddress Address, string? ShareName, bool IsWaiting);
