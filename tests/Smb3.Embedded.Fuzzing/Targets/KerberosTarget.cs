using System.Formats.Asn1;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Pac;
using Smb3.Embedded.TestClient.Authentication;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// The structures of Kerberos: the first byte says which it is. What is encrypted is read by itself too, because whoever has a key can write it.
/// </summary>
internal static class KerberosTarget
{
    public const byte Token = 0;
    public const byte TicketPart = 1;
    public const byte Proof = 2;
    public const byte Certificate = 3;
    public const byte KeytabContents = 4;

    private static readonly KerberosKey Key = KerberosKey.Create(EncryptionType.Aes256Sha1, new byte[32])!;
    private static readonly KerberosMechanism Mechanism = Create();

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var bytes = input[1..].ToArray();
        try
        {
            switch (input[0])
            {
                case Token:
                    using (var context = Mechanism.Begin(null))
                    {
                        context.AcceptAsync(bytes, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                    }

                    break;
                case TicketPart:
                    using (TicketContents.Read(bytes))
                    {
                    }

                    break;
                case Proof:
                    using (Authenticator.Read(bytes))
                    {
                    }

                    break;
                case Certificate:
                    if (PrivilegeCertificate.Read(bytes) is { } pac)
                    {
                        pac.IsSignedFor(Key);
                        pac.ReadLogon();
                    }

                    break;
                case KeytabContents:
                    KeytabFormat.Read(bytes);
                    break;
            }
        }
        catch (AsnContentException)
        {
            // How the readers of single structures say that it is none.
        }
    }

    public static IEnumerable<byte[]> Seeds()
    {
        var kdc = new TestKdc { ServiceKey = Key, PacKey = Key };
        kdc.Pac = kdc.MakePac([513, 1106], [Nt.Sid.Parse("S-1-5-21-9-9-9-1234")]);
        yield return [Token, .. kdc.Token()];
        yield return [TicketPart, .. kdc.TicketPart()];
        yield return [Proof, .. kdc.Proof()];
        yield return [Certificate, .. kdc.Pac];
        yield return [KeytabContents, 5, 2, 0, 0, 0, 55, 0, 1, 0, 1, (byte)'R', 0, 1, (byte)'x', 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 18, 0, 32, .. new byte[36]];
    }

    private static KerberosMechanism Create()
    {
        var users = new InMemoryUserStore();
        var keytab = new Keytab([new KeytabEntry(TestKdc.Realm, new PrincipalName(2, ["cifs", "files.test.example"]), 2, Key)]);
        var tickets = new TicketReader(() => keytab, new KerberosSettings(), TimeProvider.System);
        return new KerberosMechanism(tickets, new TicketAccounts(users, new AccountDirectory("SERVER", users)));
    }
}
