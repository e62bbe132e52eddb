using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// How the data of a READ or WRITE is protected while it goes through the client's memory (MS-SMB2 2.2.43): as its message is, sealed by
/// the session's key or signed by the channel's. Messages that are protected do not bring protection to what goes beside them.
/// </summary>
internal readonly struct DataProtection
{
    private readonly MessageSealer? _sealer;
    private readonly MessageSigner? _signer;

    private DataProtection(MessageSealer? sealer, MessageSigner? signer)
    {
        _sealer = sealer;
        _signer = signer;
    }

    public bool IsNone => _sealer is null && _signer is null;

    public RdmaTransformType Type =>
        _sealer is not null ? RdmaTransformType.Encryption : _signer is not null ? RdmaTransformType.Signing : RdmaTransformType.None;

    /// <summary>What is said of data that is not from the client (MS-SMB2 3.3.5.13).</summary>
    public NtStatus Failure => _sealer is not null ? NtStatus.AuthTagMismatch : NtStatus.InvalidSignature;

    /// <summary>Bytes of the nonce that <see cref="Protect"/> uses.</summary>
    public int NonceSize => _sealer?.NonceSize ?? _signer?.NonceSize ?? 0;

    /// <summary>
    /// What the data of a READ gets (MS-SMB2 3.3.5.12); false when it must be protected and the client has not agreed on how, so that it can
    /// only go in a message.
    /// </summary>
    public static bool TryChoose(Request request, out DataProtection protection)
    {
        var agreed = request.Connection.Negotiated!.RdmaTransforms;
        protection = IsSealed(request)
            ? (agreed & Smb2RdmaTransforms.Encryption) != 0 ? new DataProtection(request.Session!.Sealer, null) : default
            : request.IsSigned && (agreed & Smb2RdmaTransforms.Signing) != 0 ? new DataProtection(null, request.Channel!.Signer) : default;
        return !protection.IsNone || MayBePlain(request);
    }

    /// <summary>
    /// Whether data may go as it is. Where the client wants its messages signed, it is the client that asks for data without a signature
    /// beside them; where the server demands it, nobody may do without.
    /// </summary>
    public static bool MayBePlain(Request request) => !IsSealed(request) && !request.Graph.Settings.SigningRequired;

    /// <summary>
    /// What protects the data of a WRITE that says how (MS-SMB2 3.3.5.13); false when that was not agreed on, or is another protection than
    /// the request itself has.
    /// </summary>
    public static bool TryFind(Request request, RdmaTransformType type, out DataProtection protection)
    {
        var agreed = request.Connection.Negotiated!.RdmaTransforms;
        protection = type switch
        {
            RdmaTransformType.Encryption when (agreed & Smb2RdmaTransforms.Encryption) != 0 && request.IsEncrypted =>
                new DataProtection(request.Session!.Sealer, null),
            RdmaTransformType.Signing when (agreed & Smb2RdmaTransforms.Signing) != 0 && request.IsSigned && !IsSealed(request) =>
                new DataProtection(null, request.Channel!.Signer),
            _ => default,
        };
        return !protection.IsNone;
    }

    /// <summary>Seals data in place, or signs it.</summary>
    /// <param name="data">The data.</param>
    /// <param name="messageId">The id of its READ.</param>
    /// <param name="nonce"><see cref="NonceSize"/> bytes for the client.</param>
    /// <param name="tag">16 bytes for the client.</param>
    public void Protect(Span<byte> data, ulong messageId, Span<byte> nonce, Span<byte> tag)
    {
        _sealer?.SealData(data, nonce, tag);
        _signer?.SignData(data, messageId, byServer: true, nonce, tag);
    }

    /// <summary>Opens data in place, or verifies it; false: it is not from the client.</summary>
    public bool TryOpen(Span<byte> data, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> tag) =>
        _sealer?.TryOpenData(data, nonce, tag) ?? _signer?.VerifyData(data, nonce, tag) ?? true;

    private static bool IsSealed(Request request) =>
        request.IsEncrypted || request.Session!.EncryptData || request.TreeConnect is { EncryptData: true };
}
