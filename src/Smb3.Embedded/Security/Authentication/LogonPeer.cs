using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>On whose account the passwords of an exchange are judged.</summary>
/// <param name="Throttle">Who counts.</param>
/// <param name="Network">Where the client is.</param>
/// <param name="UnknownIsGuest">
/// Whether a user whom nobody knows is let in as a guest: nothing has failed then. Otherwise it counts as a wrong password does.
/// </param>
internal sealed record LogonPeer(LogonThrottle Throttle, ClientNetwork Network, bool UnknownIsGuest);
