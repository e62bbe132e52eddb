using System.Buffers.Binary;

namespace Smb3.Embedded.Nt.Security;

/// <summary>
/// Who owns an object and who may do what with it (MS-DTYP 2.4.6). The self-relative form: revision (1 byte, 1), resource
/// manager control (1), control (2), offsets of owner, group, SACL and DACL (4 each, 0: not there), and those parts.
/// </summary>
internal sealed record SecurityDescriptor
{
    /// <summary>The longest self-relative form that is accepted.</summary>
    public const int MaxLength = 65_536;

    private const int HeaderLength = 20;

    private const SecurityDescriptorControl FormOnly =
        SecurityDescriptorControl.SelfRelative | SecurityDescriptorControl.DaclPresent | SecurityDescriptorControl.SaclPresent;

    /// <summary>The flags, without those that follow from the other members.</summary>
    public SecurityDescriptorControl Control { get; init; }

    /// <summary>The owner.</summary>
    public Sid? Owner { get; init; }

    /// <summary>The primary group.</summary>
    public Sid? Group { get; init; }

    /// <summary>Whether there is a DACL. A DACL that is present but <see langword="null"/> allows everybody everything.</summary>
    public bool HasDacl { get; init; }

    /// <summary>Who may do what.</summary>
    public Acl? Dacl { get; init; }

    /// <summary>Whether there is a SACL.</summary>
    public bool HasSacl { get; init; }

    /// <summary>What is audited.</summary>
    public Acl? Sacl { get; init; }

    /// <summary>Bytes of the self-relative form.</summary>
    public int BinaryLength => HeaderLength + (Owner?.BinaryLength ?? 0) + (Group?.BinaryLength ?? 0)
        + (HasSacl ? Sacl?.BinaryLength ?? 0 : 0) + (HasDacl ? Dacl?.BinaryLength ?? 0 : 0);

    /// <summary>Reads a self-relative security descriptor.</summary>
    /// <returns>Success; or INVALID_SECURITY_DESCR, INVALID_ACL, INVALID_SID.</returns>
    public static NtStatus Read(ReadOnlySpan<byte> source, out SecurityDescriptor? descriptor)
    {
        descriptor = null;
        if (source.Length < HeaderLength || source.Length > MaxLength || source[0] != 1)
        {
            return NtStatus.InvalidSecurityDescr;
        }

        var control = (SecurityDescriptorControl)BinaryPrimitives.ReadUInt16LittleEndian(source[2..]);
        if ((control & SecurityDescriptorControl.SelfRelative) == 0)
        {
            return NtStatus.InvalidSecurityDescr;
        }

        Acl? sacl = null;
        Acl? dacl = null;
        if (!TryReadSid(source, 4, out var owner) || !TryReadSid(source, 8, out var group))
        {
            return NtStatus.InvalidSid;
        }

        var hasSacl = (control & SecurityDescriptorControl.SaclPresent) != 0;
        var hasDacl = (control & SecurityDescriptorControl.DaclPresent) != 0;
        if ((hasSacl && !TryReadAcl(source, 12, out sacl)) || (hasDacl && !TryReadAcl(source, 16, out dacl)))
        {
            return NtStatus.InvalidAcl;
        }

        descriptor = new SecurityDescriptor
        {
            Control = control & ~FormOnly,
            Owner = owner,
            Group = group,
            HasSacl = hasSacl,
            Sacl = sacl,
            HasDacl = hasDacl,
            Dacl = dacl,
        };
        return NtStatus.Success;
    }

    /// <summary>The self-relative form.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[BinaryLength];
        bytes[0] = 1;
        var control = Control | SecurityDescriptorControl.SelfRelative
            | (HasDacl ? SecurityDescriptorControl.DaclPresent : 0)
            | (HasSacl ? SecurityDescriptorControl.SaclPresent : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)control);

        // The order in which Windows lays the parts out.
        var at = HeaderLength;
        if (HasSacl && Sacl is not null)
        {
            at += Sacl.WriteTo(Place(bytes, 12, at));
        }

        if (HasDacl && Dacl is not null)
        {
            at += Dacl.WriteTo(Place(bytes, 16, at));
        }

        if (Owner is not null)
        {
            at += Owner.WriteTo(Place(bytes, 4, at));
        }

        if (Group is not null)
        {
            Group.WriteTo(Place(bytes, 8, at));
        }

        return bytes;
    }

    private static Span<byte> Place(byte[] bytes, int field, int at)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(field), (uint)at);
        return bytes.AsSpan(at);
    }

    private static bool TryReadSid(ReadOnlySpan<byte> source, int field, out Sid? sid)
    {
        sid = null;
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(source[field..]);
        return offset == 0 || (offset >= HeaderLength && offset < source.Length && Sid.TryRead(source[(int)offset..], out sid));
    }

    private static bool TryReadAcl(ReadOnlySpan<byte> source, int field, out Acl? acl)
    {
        acl = null;
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(source[field..]);
        return offset == 0 || (offset >= HeaderLength && offset < source.Length && Acl.TryRead(source[(int)offset..], out acl));
    }
}
