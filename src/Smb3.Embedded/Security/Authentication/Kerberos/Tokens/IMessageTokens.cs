namespace Smb3.Embedded.Security.Authentication.Kerberos.Tokens;

/// <summary>
/// The tokens that protect the messages of a context: GSS_GetMIC, and GSS_WrapEx in the form of DCE/RPC, where what is encrypted stays in its place
/// and the token holds the rest (MS-KILE 3.4.5.1, 3.4.5.4.1). Stateless; sequence numbers are the caller's.
/// </summary>
internal interface IMessageTokens
{
    int MicSize { get; }

    /// <summary>The length of the token beside a sealed message that is sent; a client's may be longer or shorter.</summary>
    int SealSize { get; }

    void WriteMic(ulong sequence, ReadOnlySpan<byte> message, Span<byte> mic);

    /// <summary>Whether it is right, the other side's, and the one that is due.</summary>
    bool VerifyMic(ulong sequence, ReadOnlySpan<byte> message, ReadOnlySpan<byte> mic);

    /// <summary>Encrypts a part of a message in place. All of the message is signed.</summary>
    void Seal(ulong sequence, Span<byte> message, Range secret, Span<byte> token);

    /// <summary>The reverse, if the token is right, the other side's, and the one that is due; or else the message is left as it was.</summary>
    bool Open(ulong sequence, Span<byte> message, Range secret, ReadOnlySpan<byte> token);
}
