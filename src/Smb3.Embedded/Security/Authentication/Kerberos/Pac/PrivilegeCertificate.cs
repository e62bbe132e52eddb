using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Pac;

/// <summary>
/// A privilege attribute certificate (MS-PAC 2.3): a count (4), a version (4), and for each part: type (4), length (4), offset (8), all
/// little-endian. It is signed with the key of the service that it is for, and with the KDC's.
/// </summary>
internal sealed class PrivilegeCertificate
{
    private const int HeaderSize = 8;
    private const int EntrySize = 16;
    private const int MaxBuffers = 64;

    private readonly byte[] _bytes;
    private readonly Dictionary<PacBuffer, (int Offset, int Length)> _buffers;

    private PrivilegeCertificate(byte[] bytes, Dictionary<PacBuffer, (int Offset, int Length)> buffers)
    {
        _bytes = bytes;
        _buffers = buffers;
    }

    /// <summary>Whether it says who the user is to a domain.</summary>
    public bool SaysWho => _buffers.ContainsKey(PacBuffer.LogonInformation);

    /// <summary>Null when it is damaged, or has a part twice.</summary>
    public static PrivilegeCertificate? Read(byte[] bytes)
    {
        if (bytes.Length < HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) != 0)
        {
            return null;
        }

        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (count > MaxBuffers || bytes.Length < HeaderSize + (count * EntrySize))
        {
            return null;
        }

        var buffers = new Dictionary<PacBuffer, (int, int)>();
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.AsSpan(HeaderSize + (i * EntrySize), EntrySize);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
            if (offset > (ulong)bytes.Length
                || length > (ulong)bytes.Length - offset
                || !buffers.TryAdd((PacBuffer)BinaryPrimitives.ReadUInt32LittleEndian(entry), ((int)offset, (int)length)))
            {
                return null;
            }
        }

        return new PrivilegeCertificate(bytes, buffers);
    }

    /// <summary>Whether the KDC has made it for this service: both signatures stand in it as zeros when it is signed (MS-PAC 2.8.1).</summary>
    public bool IsSignedFor(KerberosKey serviceKey)
    {
        if (!_buffers.TryGetValue(PacBuffer.ServerSignature, out var own)
            || !_buffers.TryGetValue(PacBuffer.KdcSignature, out var kdc)
            || !TryReadSignature(own, out var type, out var signature)
            || !TryReadSignature(kdc, out _, out var kdcSignature))
        {
            return false;
        }

        // With another checksum than its key's, a key would protect less than it does.
        if (EncryptionProfile.OfChecksum(type) != serviceKey.Profile)
        {
            return false;
        }

        var given = _bytes.AsSpan(signature.Offset, signature.Length).ToArray();
        var bytes = _bytes.ToArray();
        bytes.AsSpan(signature.Offset, signature.Length).Clear();
        bytes.AsSpan(kdcSignature.Offset, kdcSignature.Length).Clear();
        return serviceKey.Verify(KeyUsage.Pac, bytes, given);
    }

    /// <summary>Whether it was made for the ticket that it came in: of the same time, and of the same client (MS-PAC 2.7).</summary>
    public bool IsOf(TicketContents ticket)
    {
        const int NameOffset = 10;
        var information = BufferOf(PacBuffer.ClientInformation);
        if (information.Length < NameOffset)
        {
            return false;
        }

        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(information[8..]);
        return information.Length >= NameOffset + nameLength
            && new FileTime(BinaryPrimitives.ReadInt64LittleEndian(information)) == FileTime.From(ticket.Authenticated)
            && System.Text.Encoding.Unicode.GetString(information.Slice(NameOffset, nameLength)) is var name
            && (name.Equals(ticket.Client.ToString(), StringComparison.OrdinalIgnoreCase)
                || name.Equals($"{ticket.Client}@{ticket.ClientRealm}", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Who the user is; null when that part is missing or damaged, or the user whom the KDC was asked for was another one.</summary>
    public LogonInformation? ReadLogon()
    {
        var logon = LogonInformation.Read(BufferOf(PacBuffer.LogonInformation));
        return logon is not null && (!Sid.TryRead(BufferOf(PacBuffer.Requestor), out var requestor) || requestor == logon.User) ? logon : null;
    }

    private ReadOnlySpan<byte> BufferOf(PacBuffer buffer) =>
        _buffers.TryGetValue(buffer, out var place) ? _bytes.AsSpan(place.Offset, place.Length) : default;

    private bool TryReadSignature((int Offset, int Length) buffer, out int type, out (int Offset, int Length) signature)
    {
        type = 0;
        signature = default;
        if (buffer.Length < sizeof(int))
        {
            return false;
        }

        type = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(buffer.Offset));
        if (EncryptionProfile.OfChecksum(type) is not { } profile || buffer.Length < sizeof(int) + profile.ChecksumSize)
        {
            return false;
        }

        // A read-only domain controller puts its number behind it.
        signature = (buffer.Offset + sizeof(int), profile.ChecksumSize);
        return true;
    }
}
