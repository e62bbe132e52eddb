namespace Smb3.Embedded.Security.Cryptography;

/// <summary>SMB 3.0 and 3.0.2, and 3.1.1 unless GMAC was negotiated: AES-128-CMAC (MS-SMB2 3.1.4.1).</summary>
internal sealed class AesCmacSigner(ReadOnlySpan<byte> key) : MessageSigner
{
    private readonly AesCmac _cmac = AesCmac.Create(key);

    protected override void Compute(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, Span<byte> signature) =>
        _cmac.Compute(data, signature);

    protected override void Release() => _cmac.Dispose();
}
