using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>Who tries the passwords of an exchange, and who counts the failures.</summary>
/// <param name="Throttle">Counts the failures.</param>
/// <param name="Network">Where the client is.</param>
/// <param name="UnknownIsGuest">
/// Whether an unknown user is let in as a guest, which is no failure. Otherwise it counts like a wrong password.
/// </param>
internal sealed record LogonPeer(LogonThrottle Throttle, ClientNetwork Network, bool UnknownIsGuest);
