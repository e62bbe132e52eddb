using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>
/// NEGOTIATE response (MS-SMB2 2.2.4), offsets in the body:
/// <code>
///  0 StructureSize 65   2 SecurityMode      4 DialectRevision   6 NegotiateContextCount   8 ServerGuid (16)
/// 24 Capabilities      28 MaxTransactSize  32 MaxReadSize      36 MaxWriteSize           40 SystemTime
/// 48 ServerStartTime   56 SecurityBufferOffset, SecurityBufferLength (58)                60 NegotiateContextOffset
/// 64 security buffer, padding, NegotiateContextList
/// </code>
/// </summary>
internal static class NegotiateResponse
{
    public const int FixedSize = 64;

    /// <summary>Where in the body the negotiate contexts begin after a security buffer of this length.</summary>
    public static int ContextsOffset(int securityBufferLength) => LittleEndian.Align8(FixedSize + securityBufferLength);

    /// <summary>
    /// Writes the body and returns its length. For SMB 3.1.1 the contexts must have been written first, at
    /// <see cref="ContextsOffset"/>; their count and length come from the <see cref="NegotiateContextWriter"/>.
    /// </summary>
    public static int Write(
        Span<byte> body,
        in NegotiateResponseFields fields,
        scoped ReadOnlySpan<byte> securityBuffer,
        int contextCount = 0,
        int contextsLength = 0)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)65);
        body.Put(2, (ushort)fields.SecurityMode);
        body.Put(4, (ushort)fields.Dialect);
        body.Put(8, fields.ServerGuid);
        body.Put(24, (uint)fields.Capabilities);
        body.Put(28, fields.MaxTransactSize);
        body.Put(32, fields.MaxReadSize);
        body.Put(36, fields.MaxWriteSize);
        body.Put(40, fields.SystemTime.Ticks);
        body.Put(48, fields.ServerStartTime.Ticks);
        body.Put(56, (ushort)(Smb2Header.Size + FixedSize));
        body.Put(58, (ushort)securityBuffer.Length);
        securityBuffer.CopyTo(body[FixedSize..]);
        var end = FixedSize + securityBuffer.Length;
        if (contextCount == 0)
        {
            return end;
        }

        var contexts = ContextsOffset(securityBuffer.Length);
        body[end..contexts].Clear();
        body.Put(6, (ushort)contextCount);
        body.Put(60, (uint)(Smb2Header.Size + contexts));
        return contexts + contextsLength;
    }
}

/// <summary>The fixed fields of a NEGOTIATE response.</summary>
internal readonly record struct NegotiateResponseFields
{
    public required Smb2Dialect Dialect { get; init; }

    public Smb2SecurityMode SecurityMode { get; init; }

    public Guid ServerGuid { get; init; }

    public Smb2Capabilities Capabilities { get; init; }

    public uint MaxTransactSize { get; init; }

    public uint MaxReadSize { get; init; }

    public uint MaxWriteSize { get; init; }

    public FileTime SystemTime { get; init; }

    public FileTime ServerStartTime { get; init; }
}
