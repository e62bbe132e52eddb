namespace Smb3.Embedded;

/// <summary>What a client has sent to prove that it knows a user's password (MS-NLMP 3.2.5.1.2). Names are the client's, unchecked.</summary>
public sealed class SmbDomainLogon
{
    /// <summary>The user; never empty, at most 256 characters. <c>user@domain</c> where the client has no separate domain.</summary>
    public required string UserName { get; init; }

    /// <summary>The domain; empty when it is in <see cref="UserName"/>.</summary>
    public required string DomainName { get; init; }

    /// <summary>The client's machine; may be empty.</summary>
    public required string WorkstationName { get; init; }

    /// <summary>The server's challenge, 8 bytes.</summary>
    public required ReadOnlyMemory<byte> ServerChallenge { get; init; }

    /// <summary>The response of NTLMv2: 16 bytes of proof, and what it is made over.</summary>
    public required ReadOnlyMemory<byte> NtResponse { get; init; }
}
