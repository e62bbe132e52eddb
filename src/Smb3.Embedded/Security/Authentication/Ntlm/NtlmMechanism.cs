using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>NTLM (MS-NLMP) against the NT hashes of a user store.</summary>
internal sealed class NtlmMechanism(NtlmAuthenticatorOptions options, ISmbUserStore users, ISecurityTokenFactory tokens) : IGssMechanism
{
    /// <summary>The users of a domain; <see langword="null"/>: there are none.</summary>
    public NtlmDomain? Domain { get; init; }

    public string Name => "NTLM";

    public IReadOnlyList<ReadOnlyMemory<byte>> Oids { get; } = [GssOid.Ntlm.ToArray()];

    public bool IsInitialToken(ReadOnlySpan<byte> token) => token.StartsWith(NtlmMessage.Signature);

    public IGssContext Begin(LogonPeer? peer) => new NtlmAcceptor(options, users, identity => tokens.Create(identity, Name), peer) { Domain = Domain };
}
