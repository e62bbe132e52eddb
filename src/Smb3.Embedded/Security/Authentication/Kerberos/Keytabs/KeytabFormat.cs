using System.Buffers.Binary;
using System.Text;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;

/// <summary>
/// MIT's file format, version 0x502, big-endian: 05 02, then entries, each behind its length (4 bytes; a negative one is a hole of so many):
/// <code>
/// count of parts (2), realm, parts, type of the name (4), time (4), version (1), type of the key (2), key, [version (4)]
/// </code>
/// where strings and the key stand behind their lengths (2).
/// </summary>
internal static class KeytabFormat
{
    private const int MaxParts = 16;

    /// <summary>The entries whose keys are of types that are known here; null when it is no keytab, or a damaged one.</summary>
    public static List<KeytabEntry>? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 2 || file[0] != 5 || file[1] != 2)
        {
            return null;
        }

        var entries = new List<KeytabEntry>();
        for (file = file[2..]; !file.IsEmpty;)
        {
            if (!TryRead(ref file, sizeof(int), out var size))
            {
                return null;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(size);
            if (length == 0)
            {
                return entries; // the end of what has been written
            }

            if (length == int.MinValue || !TryRead(ref file, Math.Abs(length), out var entry))
            {
                return null;
            }

            if (length > 0 && !TryReadEntry(entry, entries))
            {
                return null;
            }
        }

        return entries;
    }

    private static bool TryReadEntry(ReadOnlySpan<byte> entry, List<KeytabEntry> entries)
    {
        if (!TryRead(ref entry, sizeof(ushort), out var count)
            || BinaryPrimitives.ReadUInt16BigEndian(count) is var parts && parts > MaxParts
            || !TryReadString(ref entry, out var realm))
        {
            return false;
        }

        var names = new string[parts];
        for (var i = 0; i < parts; i++)
        {
            if (!TryReadString(ref entry, out names[i]))
            {
                return false;
            }
        }

        if (!TryRead(ref entry, sizeof(uint), out var nameType)
            || !TryRead(ref entry, sizeof(uint), out _)
            || !TryRead(ref entry, sizeof(byte), out var shortVersion)
            || !TryRead(ref entry, sizeof(ushort), out var keyType)
            || !TryReadBytes(ref entry, out var value))
        {
            return false;
        }

        var version = entry.Length >= sizeof(uint) && BinaryPrimitives.ReadUInt32BigEndian(entry) is not 0 and var longVersion
            ? longVersion
            : shortVersion[0];
        var principal = new PrincipalName(BinaryPrimitives.ReadInt32BigEndian(nameType), names);
        if (KerberosKey.Create((EncryptionType)BinaryPrimitives.ReadUInt16BigEndian(keyType), value) is { } key)
        {
            entries.Add(new KeytabEntry(realm, principal, version, key));
        }

        return true;
    }

    private static bool TryReadString(ref ReadOnlySpan<byte> rest, out string text)
    {
        var isWhole = TryReadBytes(ref rest, out var bytes);
        text = Encoding.UTF8.GetString(bytes);
        return isWhole;
    }

    private static bool TryReadBytes(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryRead(ref rest, sizeof(ushort), out var length)
            && TryRead(ref rest, BinaryPrimitives.ReadUInt16BigEndian(length), out bytes);
    }

    private static bool TryRead(ref ReadOnlySpan<byte> rest, int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (rest.Length < count)
        {
            return false;
        }

        bytes = rest[..count];
        rest = rest[count..];
        return true;
    }
}
