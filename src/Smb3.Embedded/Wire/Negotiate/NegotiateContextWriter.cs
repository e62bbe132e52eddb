namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>
/// Appends negotiate contexts to a span (MS-SMB2 2.2.3.1), each on an 8-byte boundary. The span must begin on such a boundary
/// of the message. <see cref="Count"/> and <see cref="Length"/> are what the fixed part of the message needs afterwards.
/// </summary>
internal ref struct NegotiateContextWriter
{
    private readonly Span<byte> _target;

    public NegotiateContextWriter(Span<byte> target) => _target = target;

    public ushort Count { get; private set; }

    /// <summary>Bytes written; the last context is not padded.</summary>
    public int Length { get; private set; }

    /// <summary>SMB2_PREAUTH_INTEGRITY_CAPABILITIES (MS-SMB2 2.2.3.1.1).</summary>
    public void PreauthIntegrity(scoped ReadOnlySpan<Smb2HashAlgorithm> algorithms, scoped ReadOnlySpan<byte> salt)
    {
        var saltOffset = 4 + (algorithms.Length * sizeof(ushort));
        var data = Begin(NegotiateContextType.PreauthIntegrity, saltOffset + salt.Length);
        data.Put(0, (ushort)algorithms.Length);
        data.Put(2, (ushort)salt.Length);
        for (var i = 0; i < algorithms.Length; i++)
        {
            data.Put(4 + (i * sizeof(ushort)), (ushort)algorithms[i]);
        }

        salt.CopyTo(data[saltOffset..]);
    }

    /// <summary>SMB2_ENCRYPTION_CAPABILITIES (MS-SMB2 2.2.3.1.2).</summary>
    public void Encryption(scoped ReadOnlySpan<Smb2Cipher> ciphers)
    {
        var data = Begin(NegotiateContextType.Encryption, 2 + (ciphers.Length * sizeof(ushort)));
        data.Put(0, (ushort)ciphers.Length);
        for (var i = 0; i < ciphers.Length; i++)
        {
            data.Put(2 + (i * sizeof(ushort)), (ushort)ciphers[i]);
        }
    }

    /// <summary>SMB2_SIGNING_CAPABILITIES (MS-SMB2 2.2.3.1.7).</summary>
    public void Signing(scoped ReadOnlySpan<Smb2SigningAlgorithm> algorithms)
    {
        var data = Begin(NegotiateContextType.Signing, 2 + (algorithms.Length * sizeof(ushort)));
        data.Put(0, (ushort)algorithms.Length);
        for (var i = 0; i < algorithms.Length; i++)
        {
            data.Put(2 + (i * sizeof(ushort)), (ushort)algorithms[i]);
        }
    }

    /// <summary>SMB2_COMPRESSION_CAPABILITIES (MS-SMB2 2.2.3.1.3).</summary>
    public void Compression(Smb2CompressionFlags flags, scoped ReadOnlySpan<Smb2CompressionAlgorithm> algorithms)
    {
        var data = Begin(NegotiateContextType.Compression, 8 + (algorithms.Length * sizeof(ushort)));
        data.Put(0, (ushort)algorithms.Length);
        data.Put(4, (uint)flags);
        for (var i = 0; i < algorithms.Length; i++)
        {
            data.Put(8 + (i * sizeof(ushort)), (ushort)algorithms[i]);
        }
    }

    /// <summary>SMB2_RDMA_TRANSFORM_CAPABILITIES (MS-SMB2 2.2.3.1.6).</summary>
    public void RdmaTransform(scoped ReadOnlySpan<Smb2RdmaTransform> transforms)
    {
        var data = Begin(NegotiateContextType.RdmaTransform, 8 + (transforms.Length * sizeof(ushort)));
        data.Put(0, (ushort)transforms.Length);
        for (var i = 0; i < transforms.Length; i++)
        {
            data.Put(8 + (i * sizeof(ushort)), (ushort)transforms[i]);
        }
    }

    /// <summary>SMB2_TRANSPORT_CAPABILITIES (MS-SMB2 2.2.3.1.5).</summary>
    public void Transport(Smb2TransportFlags flags) => Begin(NegotiateContextType.Transport, 4).Put(0, (uint)flags);

    /// <summary>SMB2_NETNAME_NEGOTIATE_CONTEXT_ID (MS-SMB2 2.2.3.1.4); only clients send it.</summary>
    public void NetName(scoped ReadOnlySpan<char> name) =>
        Begin(NegotiateContextType.NetName, name.Length * sizeof(char)).PutUtf16(0, name);

    /// <summary>The POSIX extensions' context: the sixteen bytes of <see cref="PosixExtensionId"/>.</summary>
    public void Posix() => PosixExtensionId.CopyTo(Begin(NegotiateContextType.Posix, PosixExtensionId.Length));

    /// <summary>A context with any type and data.</summary>
    public void Raw(NegotiateContextType type, scoped ReadOnlySpan<byte> content) => content.CopyTo(Begin(type, content.Length));

    /// <summary>What client and server send to say that they speak the POSIX extensions.</summary>
    public static ReadOnlySpan<byte> PosixExtensionId =>
        [0x93, 0xAD, 0x25, 0x50, 0x9C, 0xB4, 0x11, 0xE7, 0xB4, 0x23, 0x83, 0xDE, 0x96, 0x8B, 0xCD, 0x7C];

    private Span<byte> Begin(NegotiateContextType type, int dataLength)
    {
        var at = LittleEndian.Align8(Length);
        _target[Length..(at + NegotiateContext.HeaderSize + dataLength)].Clear();
        _target.Put(at, (ushort)type);
        _target.Put(at + 2, (ushort)dataLength);
        Count++;
        Length = at + NegotiateContext.HeaderSize + dataLength;
        return _target.Slice(at + NegotiateContext.HeaderSize, dataLength);
    }
}
