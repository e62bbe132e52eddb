using System.Buffers.Binary;

namespace Smb3.Embedded.Rpc;

/// <summary>A p_syntax_id_t: the name of an interface or of a transfer syntax (C706 12.6.3.1).</summary>
/// <param name="Uuid">The UUID.</param>
/// <param name="Major">The major version: must be equal.</param>
/// <param name="Minor">The minor version: a server serves clients of its own and of lower ones.</param>
internal readonly record struct RpcSyntax(Guid Uuid, ushort Major, ushort Minor)
{
    /// <summary>NDR 2.0, which every client offers (C706 14).</summary>
    public static RpcSyntax Ndr => new(new Guid(0x8a885d04, 0x1ceb, 0x11c9, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60), 2, 0);

    /// <summary>Reads the 20 bytes of the little-endian form.</summary>
    public static RpcSyntax Read(ReadOnlySpan<byte> source) => new(
        new Guid(source[..16]), BinaryPrimitives.ReadUInt16LittleEndian(source[16..]), BinaryPrimitives.ReadUInt16LittleEndian(source[18..]));

    /// <summary>Whether a client that asks for <paramref name="wanted"/> can be served by this.</summary>
    public bool Serves(RpcSyntax wanted) => Uuid == wanted.Uuid && Major == wanted.Major && Minor >= wanted.Minor;

    /// <summary>
    /// Whether this is bind time feature negotiation (MS-RPCE 2.2.2.14), and which features: they are the last 8 bytes of a UUID
    /// that begins 6cb71c2c-9812-4540.
    /// </summary>
    public bool IsBindTimeFeatures(out RpcBindTimeFeatures features)
    {
        Span<byte> bytes = stackalloc byte[16];
        Uuid.TryWriteBytes(bytes);
        features = (RpcBindTimeFeatures)bytes[8];
        return Major == 1 && Minor == 0 && bytes[..8].SequenceEqual((ReadOnlySpan<byte>)[0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45]);
    }
}

/// <summary>Bind time features (MS-RPCE 2.2.2.14).</summary>
[Flags]
internal enum RpcBindTimeFeatures : ushort
{
    None = 0,

    /// <summary>Several security contexts on one connection.</summary>
    SecurityContextMultiplexing = 1,

    /// <summary>The connection survives an orphaned PDU.</summary>
    KeepConnectionOnOrphan = 2,
}
