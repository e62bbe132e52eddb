namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>
/// One negotiate context (MS-SMB2 2.2.3.1): ContextType (2), DataLength (2), Reserved (4), Data. The typed views return false
/// for data that is too short for what it announces; a list may be empty, which the caller answers with STATUS_INVALID_PARAMETER.
/// </summary>
internal readonly ref struct NegotiateContext
{
    public const int HeaderSize = 8;

    public NegotiateContext(NegotiateContextType type, ReadOnlySpan<byte> data)
    {
        Type = type;
        Data = data;
    }

    public NegotiateContextType Type { get; }

    public ReadOnlySpan<byte> Data { get; }

    /// <summary>SMB2_PREAUTH_INTEGRITY_CAPABILITIES (MS-SMB2 2.2.3.1.1).</summary>
    public bool TryGetPreauthIntegrity(out WireIdList hashAlgorithms, out ReadOnlySpan<byte> salt)
    {
        hashAlgorithms = default;
        salt = default;
        if (Data.Length < 4 || !WireIdList.TryParse(Data, 4, Data.UInt16(0), out hashAlgorithms))
        {
            return false;
        }

        var saltOffset = 4 + (hashAlgorithms.Count * sizeof(ushort));
        var saltLength = Data.UInt16(2);
        if (saltOffset + saltLength > Data.Length)
        {
            return false;
        }

        salt = Data.Slice(saltOffset, saltLength);
        return true;
    }

    /// <summary>SMB2_ENCRYPTION_CAPABILITIES (MS-SMB2 2.2.3.1.2).</summary>
    public bool TryGetEncryption(out WireIdList ciphers) => TryGetList(2, out ciphers);

    /// <summary>SMB2_SIGNING_CAPABILITIES (MS-SMB2 2.2.3.1.7).</summary>
    public bool TryGetSigning(out WireIdList algorithms) => TryGetList(2, out algorithms);

    /// <summary>SMB2_RDMA_TRANSFORM_CAPABILITIES (MS-SMB2 2.2.3.1.6).</summary>
    public bool TryGetRdmaTransform(out WireIdList transforms) => TryGetList(8, out transforms);

    /// <summary>SMB2_COMPRESSION_CAPABILITIES (MS-SMB2 2.2.3.1.3).</summary>
    public bool TryGetCompression(out Smb2CompressionFlags flags, out WireIdList algorithms)
    {
        flags = Data.Length < 8 ? Smb2CompressionFlags.None : (Smb2CompressionFlags)Data.UInt32(4);
        return TryGetList(8, out algorithms);
    }

    /// <summary>SMB2_TRANSPORT_CAPABILITIES (MS-SMB2 2.2.3.1.5).</summary>
    public bool TryGetTransport(out Smb2TransportFlags flags)
    {
        flags = Data.Length < 4 ? Smb2TransportFlags.None : (Smb2TransportFlags)Data.UInt32(0);
        return Data.Length >= 4;
    }

    /// <summary>SMB2_NETNAME_NEGOTIATE_CONTEXT_ID (MS-SMB2 2.2.3.1.4): the server name that the client typed.</summary>
    public string GetNetName() => Data.Utf16();

    private bool TryGetList(int at, out WireIdList list)
    {
        list = default;
        return Data.Length >= at && WireIdList.TryParse(Data, at, Data.UInt16(0), out list);
    }
}
