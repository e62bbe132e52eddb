using System.Formats.Asn1;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Pac;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;
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
    public const byte Mic = 5;
    public const byte Seal = 6;
    public const byte Reply = 7;

    /// <summary>What is signed or sealed by the tokens of messages; a token is all that follows the first bytes.</summary>
    private const int MessageSize = 24;

    private static readonly KerberosKey Key = KerberosKey.Create(EncryptionType.Aes256Sha1, new byte[32])!;
    private static readonly KerberosKey Sha2Key = KerberosKey.Create(EncryptionType.Aes256Sha384, new byte[32])!;
    private static readonly KerberosKey Rc4Key = KerberosKey.Create(EncryptionType.Rc4, new byte[16])!;
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
                case Mic when bytes.Length > MessageSize:
                    Tokens(bytes[0]).VerifyMic(1, bytes.AsSpan(1, MessageSize), bytes.AsSpan(1 + MessageSize));
                    break;
                case Seal when bytes.Length > MessageSize:
                    Tokens(bytes[0]).Open(1, bytes.AsSpan(1, MessageSize), 8..16, bytes.AsSpan(1 + MessageSize));
                    break;
                case Reply:
                    ApReply.ReadSequence(Key, bytes);
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
        yield return [Reply, .. ApReply.Write(Key, TestKdc.Now, 7, Key, 1)];
        for (byte type = 0; type < 3; type++)
        {
            var tokens = Tokens(type, isAcceptor: false);
            var message = new byte[MessageSize];
            var mic = new byte[tokens.MicSize];
            tokens.WriteMic(1, message, mic);
            yield return [Mic, type, .. message, .. mic];
            var seal = new byte[tokens.SealSize];
            tokens.Seal(1, message, 8..16, seal);
            yield return [Seal, type, .. message, .. seal];
        }

        yield return [KeytabContents, 5, 2, 0, 0, 0, 55, 0, 1, 0, 1, (byte)'R', 0, 1, (byte)'x', 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 18, 0, 32, .. new byte[36]];
    }

    /// <summary>The first byte of the token's part says with which type of key.</summary>
    private static IMessageTokens Tokens(byte type, bool isAcceptor = true) => (type % 3) switch
    {
        0 => new AesMessageTokens(Key, isAcceptorKey: true, isAcceptor),
        1 => new AesMessageTokens(Sha2Key, isAcceptorKey: true, isAcceptor),
        _ => new Rc4MessageTokens(Rc4Key, isAcceptor),
    };

    private static KerberosMechanism Create()
    {
        var users = new InMemoryUserStore();
        var keytab = new Keytab([new KeytabEntry(TestKdc.Realm, new PrincipalName(2, ["cifs", "files.test.example"]), 2, Key)]);
        var tickets = new TicketReader(() => new(keytab), new KerberosSettings(), TimeProvider.System);
        return new KerberosMechanism(tickets, new TicketAccounts(users, new AccountDirectory("SERVER", users)));
    }
}
