using System.Buffers;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>The rules for names of extended attributes (MS-FSCC 2.4.16, as FAT and NTFS check them).</summary>
internal static class EaNames
{
    /// <summary>The longest name, in ASCII characters.</summary>
    public const int MaxLength = 254;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        "\"*+,/:;<=>?[\\]|\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F");

    /// <summary>Whether an attribute can have this name.</summary>
    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxLength && !name.ContainsAny(Forbidden) && System.Text.Ascii.IsValid(name) && !IsReserved(name);

    /// <summary>
    /// Whether the name is one of the server's own: a physical store keeps owner, rights and streams of a file in attributes with these
    /// names on the disk, and a client that could write them would have every right. They are reserved in every store, so that a file can
    /// move between stores, in any case and with the disk's prefix, since not every disk tells these spellings apart.
    /// </summary>
    public static bool IsReserved(ReadOnlySpan<char> name)
    {
        const string DiskPrefix = "user.";
        while (name.StartsWith(DiskPrefix, StringComparison.OrdinalIgnoreCase))
        {
            name = name[DiskPrefix.Length..];
        }

        return name.StartsWith("smb3.", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether all names are valid.</summary>
    public static bool AreValid(IReadOnlyList<ExtendedAttribute> attributes)
    {
        foreach (var attribute in attributes)
        {
            if (!IsValid(attribute.Name))
            {
                return false;
            }
        }

        return true;
    }
}
