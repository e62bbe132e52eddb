using Smb3.Embedded.Compression;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>
/// What the server chooses from a client's negotiate contexts (MS-SMB2 3.3.5.4, dialect 3.1.1). The context of a capability that the server
/// lacks (transport security) is read and not answered.
/// </summary>
internal readonly struct ContextChoice
{
    /// <summary>The cipher; <see langword="null"/>: the client sent no encryption context, and none is sent back.</summary>
    public Smb2Cipher? Cipher { get; private init; }

    /// <summary>The signing algorithm; <see langword="null"/>: not negotiated, which means AES-CMAC.</summary>
    public Smb2SigningAlgorithm? Signing { get; private init; }

    /// <summary>How data can be protected that goes by RDMA; <see langword="null"/>: the client did not ask, and is not told.</summary>
    public Smb2RdmaTransforms? RdmaTransforms { get; private init; }

    /// <summary>Whether the client asked for compression, and is told what it may do.</summary>
    public bool AnswersCompression { get; private init; }

    /// <summary>How messages may be compressed; <see langword="null"/>: there is nothing that both can do.</summary>
    public CompressionAgreement? Compression { get; private init; }

    /// <summary>Whether the POSIX extensions are spoken: the client offers them, and a share has them.</summary>
    public bool Posix { get; private init; }

    public static NtStatus TryChoose(in NegotiateContextList contexts, ServerSettings settings, out ContextChoice choice)
    {
        choice = default;
        if (contexts.CountOf(NegotiateContextType.PreauthIntegrity) != 1
            || contexts.CountOf(NegotiateContextType.Encryption) > 1
            || contexts.CountOf(NegotiateContextType.Compression) > 1
            || contexts.CountOf(NegotiateContextType.RdmaTransform) > 1
            || contexts.CountOf(NegotiateContextType.Signing) > 1
            || contexts.CountOf(NegotiateContextType.Transport) > 1)
        {
            return NtStatus.InvalidParameter;
        }

        contexts.TryFind(NegotiateContextType.PreauthIntegrity, out var preauth);
        if (!preauth.TryGetPreauthIntegrity(out var hashes, out _) || hashes.Count == 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (!hashes.Contains((ushort)Smb2HashAlgorithm.Sha512))
        {
            return NtStatus.SmbNoPreauthIntegrityHashOverlap;
        }

        Smb2Cipher? cipher = null;
        if (contexts.TryFind(NegotiateContextType.Encryption, out var encryption))
        {
            if (!encryption.TryGetEncryption(out var ciphers) || ciphers.Count == 0)
            {
                return NtStatus.InvalidParameter;
            }

            // No common cipher is answered with cipher 0: encryption is off then.
            cipher = Smb2Cipher.None;
            if (settings.Encryption != EncryptionPolicy.Off)
            {
                cipher = settings.Ciphers.FirstOrDefault(Contained(ciphers));
            }
        }

        Smb2SigningAlgorithm? signing = null;
        if (contexts.TryFind(NegotiateContextType.Signing, out var algorithms))
        {
            if (!algorithms.TryGetSigning(out var offered) || offered.Count == 0)
            {
                return NtStatus.InvalidParameter;
            }

            foreach (var algorithm in settings.SigningAlgorithms)
            {
                if (offered.Contains((ushort)algorithm))
                {
                    signing = algorithm;
                    break;
                }
            }
        }

        var asksCompression = contexts.TryFind(NegotiateContextType.Compression, out var compression);
        WireIdList compressions = default;
        var compressionFlags = Smb2CompressionFlags.None;
        if (asksCompression && (!compression.TryGetCompression(out compressionFlags, out compressions) || compressions.Count == 0))
        {
            return NtStatus.InvalidParameter;
        }

        Smb2RdmaTransforms? rdmaTransforms = null;
        if (contexts.TryFind(NegotiateContextType.RdmaTransform, out var rdma))
        {
            if (!rdma.TryGetRdmaTransform(out var transforms) || transforms.Count == 0)
            {
                return NtStatus.InvalidParameter;
            }

            rdmaTransforms = TransformsOf(transforms, canEncrypt: cipher is not (null or Smb2Cipher.None));
        }

        var posix = settings.PosixExtensions
            && contexts.TryFind(NegotiateContextType.Posix, out var extensions)
            && extensions.Data.IndexOf(NegotiateContextWriter.PosixExtensionId) == 0;
        var answersCompression = asksCompression && settings.Compression;
        choice = new ContextChoice
        {
            Cipher = cipher,
            Signing = signing,
            RdmaTransforms = rdmaTransforms,
            AnswersCompression = answersCompression,
            Compression = answersCompression ? Agree(compressions, (compressionFlags & Smb2CompressionFlags.Chained) != 0) : null,
            Posix = posix,
        };
        return NtStatus.Success;
    }

    /// <summary>
    /// What client and server have in common. The transport does not matter (MS-SMB2 3.3.5.4); without a cipher nothing is encrypted.
    /// </summary>
    private static Smb2RdmaTransforms TransformsOf(WireIdList offered, bool canEncrypt)
    {
        var common = Smb2RdmaTransforms.None;
        if (canEncrypt && offered.Contains((ushort)Smb2RdmaTransform.Encryption))
        {
            common |= Smb2RdmaTransforms.Encryption;
        }

        return offered.Contains((ushort)Smb2RdmaTransform.Signing) ? common | Smb2RdmaTransforms.Signing : common;
    }

    /// <summary>
    /// What both can do, in the client's order (MS-SMB2 3.3.5.4). A message that is not chained has one algorithm, so one is agreed then: Linux
    /// takes no answer with several.
    /// </summary>
    private static CompressionAgreement? Agree(WireIdList offered, bool isChained)
    {
        var common = new List<Smb2CompressionAlgorithm>();
        for (var i = 0; i < offered.Count; i++)
        {
            var algorithm = (Smb2CompressionAlgorithm)offered[i];
            var isKnown = CompressionCodec.Has(algorithm) || (isChained && algorithm == Smb2CompressionAlgorithm.PatternV1);
            if (isKnown && (isChained || common.Count == 0) && !common.Contains(algorithm))
            {
                common.Add(algorithm);
            }
        }

        return common.Count == 0 ? null : new CompressionAgreement(common, isChained);
    }

    private static Func<Smb2Cipher, bool> Contained(WireIdList list)
    {
        var ids = new ushort[list.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = list[i];
        }

        return cipher => ids.Contains((ushort)cipher);
    }
}
