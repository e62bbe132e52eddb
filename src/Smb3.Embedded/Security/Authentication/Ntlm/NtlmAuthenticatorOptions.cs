using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>What the server says about itself in its CHALLENGE (MS-NLMP 2.2.1.2), and its sources of time and randomness.</summary>
internal sealed class NtlmAuthenticatorOptions
{
    /// <summary>At most 15 characters, upper case by custom.</summary>
    public required string NetBiosComputerName { get; init; }

    /// <summary>A stand-alone server names itself here, as Windows does.</summary>
    public required string NetBiosDomainName { get; init; }

    public required string DnsComputerName { get; init; }

    /// <summary>Empty for a stand-alone server.</summary>
    public string DnsDomainName { get; init; } = "";

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public required RandomNumberGenerator Random { get; init; }
}
