using System.Buffers.Binary;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// sec_trailer (MS-RPCE 2.2.2.11), in front of the authentication value that ends a fragment: provider (1 byte), level (1), padding before
/// the trailer (1), reserved (1), context id (4).
/// </summary>
/// <param name="Type">The security provider.</param>
/// <param name="Level">The authentication level.</param>
/// <param name="PadLength">The bytes before the trailer that are padding.</param>
/// <param name="ContextId">The client's name for the security context.</param>
internal readonly record struct RpcSecurityTrailer(RpcAuthType Type, RpcAuthLevel Level, byte PadLength, uint ContextId)
{
    public const int Length = 8;

    /// <summary>What a protected stub is padded to a multiple of.</summary>
    public const int Alignment = 16;

    /// <summary>Where the trailer of a fragment begins; its whole length when there is none.</summary>
    public static int OffsetIn(in RpcHeader header) =>
        header.AuthLength == 0 ? header.FragmentLength : header.FragmentLength - header.AuthLength - Length;

    /// <summary>Reads the trailer; false when there is none, or when it and its padding do not fit behind <paramref name="bodyOffset"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> fragment, in RpcHeader header, int bodyOffset, out RpcSecurityTrailer trailer)
    {
        trailer = default;
        var offset = OffsetIn(header);
        if (header.AuthLength == 0 || offset < bodyOffset)
        {
            return false;
        }

        var bytes = fragment.Slice(offset, Length);
        var id = header.IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        trailer = new RpcSecurityTrailer((RpcAuthType)bytes[0], (RpcAuthLevel)bytes[1], bytes[2], id);
        return trailer.PadLength <= offset - bodyOffset;
    }

    public void Write(Span<byte> target)
    {
        target[0] = (byte)Type;
        target[1] = (byte)Level;
        target[2] = PadLength;
        target[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], ContextId);
    }
}
