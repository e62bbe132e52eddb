using System.Buffers.Binary;

namespace Smb3.Embedded.Nt.Security;

/// <summary>The kinds of entry that access checks know (MS-DTYP 2.4.4.1).</summary>
internal enum AceType : byte
{
#pragma warning disable CS1591 // the names are the specification's
    AccessAllowed = 0x00,
    AccessDenied = 0x01,
    SystemAudit = 0x02,
    SystemMandatoryLabel = 0x11,
#pragma warning restore CS1591
}

/// <summary>Whom an entry is passed on to (MS-DTYP 2.4.4.1).</summary>
[Flags]
internal enum AceFlags : byte
{
#pragma warning disable CS1591 // the names are the specification's
    None = 0,
    ObjectInherit = 0x01,
    ContainerInherit = 0x02,
    NoPropagateInherit = 0x04,
    InheritOnly = 0x08,
    Inherited = 0x10,
    SuccessfulAccess = 0x40,
    FailedAccess = 0x80,
#pragma warning restore CS1591
}

/// <summary>
/// One entry of an access control list (MS-DTYP 2.4.4.1): type (1 byte), flags (1), size (2), and for the basic kinds an
/// access mask (4) and a SID. Entries of other kinds are kept byte by byte and grant and deny nothing.
/// </summary>
/// <param name="Type">What the entry does.</param>
/// <param name="Flags">Whom it is passed on to.</param>
/// <param name="Mask">The rights.</param>
/// <param name="Sid">Whom it is about; <see langword="null"/> for a kind that is not known.</param>
/// <param name="Rest">What follows the SID, or the whole body of an entry that is not known.</param>
internal sealed record Ace(AceType Type, AceFlags Flags, FileAccessMask Mask, Sid? Sid, ReadOnlyMemory<byte> Rest)
{
    private const int HeaderLength = 4;

    /// <summary>An entry that allows.</summary>
    public static Ace Allow(Sid sid, FileAccessMask mask, AceFlags flags = AceFlags.None) =>
        new(AceType.AccessAllowed, flags, mask, sid, default);

    /// <summary>An entry that denies.</summary>
    public static Ace Deny(Sid sid, FileAccessMask mask, AceFlags flags = AceFlags.None) =>
        new(AceType.AccessDenied, flags, mask, sid, default);

    /// <summary>Bytes of the binary form; a multiple of four.</summary>
    public int BinaryLength => HeaderLength + (((Sid is null ? 0 : 4 + Sid.BinaryLength) + Rest.Length + 3) & ~3);

    /// <summary>Reads the entry at the start of <paramref name="source"/>.</summary>
    /// <param name="source">The list from this entry on.</param>
    /// <param name="ace">The entry.</param>
    /// <param name="length">The bytes it took.</param>
    /// <returns>Whether a whole entry stands there.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out Ace? ace, out int length)
    {
        ace = null;
        length = 0;
        if (source.Length < HeaderLength)
        {
            return false;
        }

        var type = (AceType)source[0];
        var flags = (AceFlags)source[1];
        length = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]);
        if (length < HeaderLength || length > source.Length)
        {
            return false;
        }

        var body = source[HeaderLength..length];
        if (type is not (AceType.AccessAllowed or AceType.AccessDenied or AceType.SystemAudit or AceType.SystemMandatoryLabel))
        {
            ace = new Ace(type, flags, 0, null, body.ToArray());
            return true;
        }

        if (body.Length < 4 || !Sid.TryRead(body[4..], out var sid))
        {
            return false;
        }

        var mask = (FileAccessMask)BinaryPrimitives.ReadUInt32LittleEndian(body);
        ace = new Ace(type, flags, mask, sid, body[(4 + sid.BinaryLength)..].ToArray());
        return true;
    }

    /// <summary>Writes the binary form.</summary>
    /// <param name="destination">At least <see cref="BinaryLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public int WriteTo(Span<byte> destination)
    {
        var length = BinaryLength;
        destination[..length].Clear();
        destination[0] = (byte)Type;
        destination[1] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], (ushort)length);
        var at = HeaderLength;
        if (Sid is not null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], (uint)Mask);
            at += 4 + Sid.WriteTo(destination[(at + 4)..]);
        }

        Rest.Span.CopyTo(destination[at..]);
        return length;
    }
}
