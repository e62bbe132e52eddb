using System.Net;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>What a socket has received.</summary>
/// <param name="For">Whom it is for; null: nobody, it only wakes.</param>
/// <param name="Link">The number of the interface that it came by.</param>
/// <param name="Message">What it holds.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="IsToAll">Whether it was sent to the group.</param>
internal readonly record struct Datagram(IResponder? For, int Link, byte[] Message, IPEndPoint Source, bool IsToAll);
