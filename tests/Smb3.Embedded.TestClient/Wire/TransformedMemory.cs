using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>The client's part in the protection of data that goes through its memory (MS-SMB2 2.2.43).</summary>
internal static class TransformedMemory
{
    private const int TagSize = 16;

    /// <summary>Seals or signs the data of a WRITE in place.</summary>
    /// <returns>What the WRITE carries for its channel.</returns>
    public static byte[] Protect(
        SmbTestSession session, RdmaTransformType type, Span<byte> data, byte[] descriptors, Smb2Channel channel = Smb2Channel.RdmaV1,
        SmbTestConnection? on = null, ulong? messageId = null)
    {
        on ??= session.Connection;
        var tag = new byte[TagSize];
        byte[] nonce;
        if (type == RdmaTransformType.Encryption)
        {
            nonce = new byte[session.Sealer!.NonceSize];
            session.Sealer.SealData(data, nonce, tag);
        }
        else
        {
            var signer = session.SignerOn(on);
            nonce = new byte[signer.NonceSize];
            signer.SignData(data, messageId ?? on.NextMessageId, byServer: false, nonce, tag);
        }

        return Info(new RdmaCryptoTransform(type, tag, nonce), descriptors, channel);
    }

    /// <summary>A transform and descriptors as a WRITE carries them.</summary>
    public static byte[] Info(RdmaCryptoTransform crypto, byte[] descriptors, Smb2Channel channel = Smb2Channel.RdmaV1)
    {
        var info = new byte[RdmaTransform.SizeOf(crypto, descriptors.Length)];
        RdmaTransform.Write(info, crypto, channel, descriptors);
        return info;
    }

    /// <summary>Opens or verifies in place what a READ has placed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="response">The response of the READ.</param>
    /// <param name="memory">Where it was placed.</param>
    /// <param name="on">The connection of the READ, when it is not the session's first one.</param>
    /// <returns>The data, and how it was protected; the data is <see langword="null"/> when it is not the server's.</returns>
    public static (byte[]? Data, RdmaTransformType Type) Open(
        SmbTestSession session, SmbTestResponse response, ReadOnlySpan<byte> memory, SmbTestConnection? on = null)
    {
        var answer = ReadAnswer.Parse(response.Message);
        var data = memory[..(int)answer.Remaining].ToArray();
        if (!answer.IsTransformed)
        {
            return (data, RdmaTransformType.None);
        }

        if (!RdmaTransform.TryParse(answer.Data, out var transform) || transform.Channel != Smb2Channel.None)
        {
            throw new SmbTestException("The transform of a READ makes no sense.");
        }

        var crypto = transform.Crypto;
        var isRight = crypto.Type == RdmaTransformType.Encryption
            ? session.Sealer!.TryOpenData(data, crypto.Nonce, crypto.Signature)
            : session.SignerOn(on ?? session.Connection).VerifyData(data, crypto.Nonce, crypto.Signature);
        return (isRight ? data : null, crypto.Type);
    }
}
