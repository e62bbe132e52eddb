using Smb3.Embedded.Security.Authentication.Ntlm;

namespace Smb3.Embedded.TestClient.Authentication;

/// <summary>Who logs on, and how well the client behaves.</summary>
internal sealed class NtlmInitiatorOptions
{
    public const NtlmFlags DefaultFlags = NtlmFlags.Unicode | NtlmFlags.RequestTarget | NtlmFlags.Sign | NtlmFlags.Seal | NtlmFlags.Ntlm
        | NtlmFlags.AlwaysSign | NtlmFlags.ExtendedSessionSecurity | NtlmFlags.Version | NtlmFlags.Key128 | NtlmFlags.KeyExchange
        | NtlmFlags.Key56;

    /// <summary>Empty: anonymous.</summary>
    public required string UserName { get; init; }

    public string Password { get; init; } = "";

    public string DomainName { get; init; } = "";

    public string WorkstationName { get; init; } = "TESTCLIENT";

    public NtlmFlags Flags { get; init; } = DefaultFlags;

    /// <summary>Without SPNEGO around it.</summary>
    public bool Raw { get; init; }

    /// <summary>Mechanisms (contents of OID elements) that are named before NTLM; the first token is then for the first of them.</summary>
    public IReadOnlyList<byte[]> PreferredMechanisms { get; init; } = [];

    /// <summary>Whether the AUTHENTICATE message says that it has a MIC, and has one.</summary>
    public bool SendMic { get; init; } = true;

    public bool SendMechListMic { get; init; } = true;

    /// <summary>Answers with NTLMv1's 24 bytes.</summary>
    public bool UseNtlmV1 { get; init; }

    /// <summary>Changes an AUTHENTICATE message that is otherwise finished, MIC included.</summary>
    public Action<byte[]>? Tamper { get; init; }
}
