using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>Works out and writes the NEGOTIATE response, for the SMB2 request and for the SMB1 one.</summary>
internal sealed class NegotiateAnswer(ServerSettings settings, IAuthenticator authenticator)
{
    private const int SaltSize = 32;
    private const int MaxContexts = 256;
    private const int SmallSize = 65_536;
    private const int HeaderOverhead = 1024;

    /// <summary>Enough room for any response.</summary>
    public int MaxSize => NegotiateResponse.FixedSize + authenticator.NegotiateToken.Length + 8 + MaxContexts;

    /// <summary>What is agreed when <paramref name="dialect"/> is spoken.</summary>
    /// <param name="dialect">The dialect.</param>
    /// <param name="clientGuid">The client.</param>
    /// <param name="clientCapabilities">What it can do.</param>
    /// <param name="clientMode">What it says of signing.</param>
    /// <param name="choice">What was chosen of its contexts.</param>
    /// <param name="shares">What the shares make possible.</param>
    /// <param name="largestMessage">The longest message that the client's transport takes, in bytes.</param>
    public Negotiated Agree(
        Smb2Dialect dialect, Guid clientGuid, Smb2Capabilities clientCapabilities, Smb2SecurityMode clientMode, in ContextChoice choice,
        ShareTable shares, int largestMessage)
    {
        var large = dialect >= Smb2Dialect.Smb210 && dialect != Smb2Dialect.Wildcard;
        var cipher = CipherOf(dialect, clientCapabilities, choice);
        var smb3 = dialect is Smb2Dialect.Smb300 or Smb2Dialect.Smb302 or Smb2Dialect.Smb311;
        var capabilities = large ? Smb2Capabilities.LargeMtu | Smb2Capabilities.Leasing : Smb2Capabilities.None;
        if (shares.IsDfsCapable)
        {
            capabilities |= Smb2Capabilities.Dfs;
        }

        if (smb3)
        {
            capabilities |= clientCapabilities & Smb2Capabilities.DirectoryLeasing;
            if (settings.MultiChannel)
            {
                capabilities |= clientCapabilities & Smb2Capabilities.MultiChannel;
            }

            // The connection keeps what it was told: a client that came before the share gets no persistent handles there (MS-SMB2 3.3.5.4).
            if (shares.AnyContinuous)
            {
                capabilities |= clientCapabilities & Smb2Capabilities.PersistentHandles;
            }
        }

        if (cipher != Smb2Cipher.None && smb3 && dialect != Smb2Dialect.Smb311)
        {
            // From 3.1.1 on, the encryption context says so.
            capabilities |= Smb2Capabilities.Encryption;
        }

        return new Negotiated
        {
            Dialect = dialect,
            ClientGuid = clientGuid,
            ClientCapabilities = clientCapabilities,
            ClientSecurityMode = clientMode,
            ServerCapabilities = capabilities,
            ServerSecurityMode = SecurityMode,
            // Outputs travel in messages; the data of READ and WRITE may go beside them.
            MaxTransactSize = large ? Math.Min(settings.Limits.MaxTransactSize, largestMessage - HeaderOverhead) : SmallSize,
            MaxReadSize = large ? settings.Limits.MaxReadSize : SmallSize,
            MaxWriteSize = large ? settings.Limits.MaxWriteSize : SmallSize,
            Cipher = cipher,
            RdmaTransforms = choice.RdmaTransforms ?? Smb2RdmaTransforms.None,
            Compression = choice.Compression,
            Posix = choice.Posix,
            SigningAlgorithm = dialect < Smb2Dialect.Smb300
                ? Smb2SigningAlgorithm.HmacSha256
                : choice.Signing ?? Smb2SigningAlgorithm.AesCmac,
        };
    }

    /// <summary>Writes the body; returns its length.</summary>
    public int Write(Span<byte> body, Negotiated negotiated, in ContextChoice choice)
    {
        var token = authenticator.NegotiateToken.Span;
        ushort count = 0;
        var length = 0;
        if (negotiated.Dialect == Smb2Dialect.Smb311)
        {
            Span<byte> salt = stackalloc byte[SaltSize];
            RandomNumberGenerator.Fill(salt);
            var contexts = new NegotiateContextWriter(body[NegotiateResponse.ContextsOffset(token.Length)..]);
            contexts.PreauthIntegrity([Smb2HashAlgorithm.Sha512], salt);
            if (choice.Cipher is { } cipher)
            {
                contexts.Encryption([cipher]);
            }

            if (choice.Signing is { } signing)
            {
                contexts.Signing([signing]);
            }

            if (choice.RdmaTransforms is { } transforms)
            {
                contexts.RdmaTransform(IdsOf(transforms));
            }

            if (choice.AnswersCompression)
            {
                // With NONE where there is nothing that both can do (MS-SMB2 2.2.4.1.3).
                contexts.Compression(
                    choice.Compression is { IsChained: true } ? Smb2CompressionFlags.Chained : Smb2CompressionFlags.None,
                    choice.Compression is { } agreed ? [.. agreed.Algorithms] : [Smb2CompressionAlgorithm.None]);
            }

            if (choice.Posix)
            {
                contexts.Posix();
            }

            (count, length) = (contexts.Count, contexts.Length);
        }

        var fields = new NegotiateResponseFields
        {
            Dialect = negotiated.Dialect,
            SecurityMode = negotiated.ServerSecurityMode,
            ServerGuid = settings.ServerGuid,
            Capabilities = negotiated.ServerCapabilities,
            MaxTransactSize = (uint)negotiated.MaxTransactSize,
            MaxReadSize = (uint)negotiated.MaxReadSize,
            MaxWriteSize = (uint)negotiated.MaxWriteSize,
            SystemTime = FileTime.From(settings.TimeProvider.GetUtcNow()),
        };
        return NegotiateResponse.Write(body, fields, token, count, length);
    }

    /// <summary>The ids of a set; that of "none" where it is empty, because a list has at least one (MS-SMB2 2.2.4.1.6).</summary>
    private static ReadOnlySpan<Smb2RdmaTransform> IdsOf(Smb2RdmaTransforms transforms) => transforms switch
    {
        Smb2RdmaTransforms.Encryption => [Smb2RdmaTransform.Encryption],
        Smb2RdmaTransforms.Signing => [Smb2RdmaTransform.Signing],
        Smb2RdmaTransforms.Encryption | Smb2RdmaTransforms.Signing => [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing],
        _ => [Smb2RdmaTransform.None],
    };

    private Smb2SecurityMode SecurityMode =>
        Smb2SecurityMode.SigningEnabled | (settings.SigningRequired ? Smb2SecurityMode.SigningRequired : Smb2SecurityMode.None);

    /// <summary>3.1.1 negotiates the cipher in a context; 3.0 and 3.0.2 have AES-128-CCM and a capability bit (MS-SMB2 3.3.5.4).</summary>
    private Smb2Cipher CipherOf(Smb2Dialect dialect, Smb2Capabilities clientCapabilities, in ContextChoice choice) => dialect switch
    {
        Smb2Dialect.Smb311 => choice.Cipher ?? Smb2Cipher.None,
        Smb2Dialect.Smb300 or Smb2Dialect.Smb302
            when settings.Encryption != EncryptionPolicy.Off
                && (clientCapabilities & Smb2Capabilities.Encryption) != 0
                && settings.Ciphers.Contains(Smb2Cipher.Aes128Ccm) => Smb2Cipher.Aes128Ccm,
        _ => Smb2Cipher.None,
    };
}
