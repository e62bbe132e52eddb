using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Pipes.Host;

/// <summary>A SID and its name, in both directions of a lookup.</summary>
/// <param name="Sid">The SID.</param>
/// <param name="Name">The name without the domain; empty when the SID is the domain itself.</param>
/// <param name="DomainName">The domain, machine or authority that the name belongs to; may be empty (Everyone).</param>
/// <param name="DomainSid">Its SID.</param>
/// <param name="Use">What it stands for.</param>
internal sealed record PipeAccount(Sid Sid, string Name, string DomainName, Sid DomainSid, SidNameUse Use);
