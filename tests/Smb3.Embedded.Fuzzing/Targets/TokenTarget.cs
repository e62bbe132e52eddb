using System.Security.Cryptography;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// The tokens of an authentication, one behind the other: two bytes of length, and the token. SPNEGO's DER is read by itself too.
/// </summary>
internal static class TokenTarget
{
    private static readonly SpnegoAuthenticator Authenticator = Create();

    public static IAuthenticationExchange Begin() => Authenticator.Begin();

    public static void Run(ReadOnlySpan<byte> input)
    {
        ReadDer(input);
        using var exchange = Authenticator.Begin();
        for (var rest = input; rest.Length > 2;)
        {
            var length = Math.Min(rest.UInt16(0), rest.Length - 2);
            var token = rest.Slice(2, length).ToArray();
            rest = rest[(2 + length)..];
            ReadDer(token);
            var step = exchange.StepAsync(token, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (step.Status != Nt.NtStatus.MoreProcessingRequired)
            {
                return;
            }
        }
    }

    private static void ReadDer(ReadOnlySpan<byte> token)
    {
        if (NegTokenInit.TryParse(token, out var init))
        {
            _ = init.MechTypes.Length;
        }

        if (NegTokenResp.TryParse(token, out var response))
        {
            _ = response.ResponseToken.Length + response.MechListMic.Length + response.SupportedMech.Length;
        }
    }

    private static SpnegoAuthenticator Create()
    {
        var users = new InMemoryUserStore();
        users.Add(FuzzServer.Users[0], FuzzServer.Password);
        var ntlm = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server",
            Time = TimeProvider.System,
            Random = RandomNumberGenerator.Create(),
        };
        var accounts = new AccountDirectory("SERVER", users);
        return new SpnegoAuthenticator([new NtlmMechanism(ntlm, users, accounts)], accounts);
    }
}
