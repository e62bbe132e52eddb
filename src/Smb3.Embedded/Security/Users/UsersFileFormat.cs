namespace Smb3.Embedded.Security.Users;

/// <summary>
/// Lines of a file of users: <c>NAME:[!]NTHASH[:GROUP,GROUP[:DISPLAY NAME]]</c>, and Samba's
/// <c>NAME:UID:LMHASH:NTHASH:[FLAGS]:LCT-TIME:</c> (smbpasswd(5)). No message has a hash in it.
/// </summary>
internal static class UsersFileFormat
{
    private const int HashDigits = 2 * SmbUser.NtHashSize;

    /// <summary>MD4 of nothing.</summary>
    private const string HashOfNothing = "31D6CFE0D16AE931B73C59D7E0C089C0";

    public static bool IsName(string name) =>
        name.Trim().Length > 0 && name[0] != '#' && !name.Contains(':', StringComparison.Ordinal) && !name.AsSpan().ContainsAnyInRange('\0', '\x1F');

    /// <summary>Reads a line; null when it is fine, and without an entry when it is none.</summary>
    public static string? Read(string line, out UsersFileEntry? entry)
    {
        entry = null;
        if (line.Trim().Length == 0 || line[0] == '#')
        {
            return null;
        }

        var parts = line.Split(':');
        var name = parts[0].Trim();
        if (!IsName(name))
        {
            return "there is no name";
        }

        return parts is [_, _, { Length: HashDigits } , var hash, ['[', ..] flags, ..] ? ReadSamba(name, hash, flags, out entry) : ReadPlain(name, parts, out entry);
    }

    private static string? ReadPlain(string name, string[] parts, out UsersFileEntry? entry)
    {
        entry = null;
        if (parts.Length is < 2 or > 4)
        {
            return "write NAME:NTHASH[:GROUP,GROUP[:DISPLAY NAME]]";
        }

        var text = parts[1].Trim();
        var disabled = text.StartsWith('!');
        var problem = ReadHash(name, disabled ? text[1..] : text, out var hash);
        if (problem is null)
        {
            var groups = parts.Length > 2 ? parts[2].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
            entry = new UsersFileEntry(name, hash, groups, parts.Length > 3 && parts[3].Trim() is { Length: > 0 } shown ? shown : null, disabled);
        }

        return problem;
    }

    private static string? ReadSamba(string name, string text, string flags, out UsersFileEntry? entry)
    {
        entry = null;
        if (flags.AsSpan().ContainsAny('W', 'S', 'I'))
        {
            return null; // of a machine, or of a domain
        }

        // N: no password is needed. Nobody gets in like that; an account without a hash (X) has none to log on with.
        var disabled = flags.AsSpan().ContainsAny('D', 'N');
        if (disabled && !text.All(char.IsAsciiHexDigit))
        {
            entry = new UsersFileEntry(name, new byte[SmbUser.NtHashSize], [], null, true);
            return null;
        }

        var problem = ReadHash(name, text, out var hash);
        entry = problem is null ? new UsersFileEntry(name, hash, [], null, disabled) : null;
        return problem;
    }

    private static string? ReadHash(string name, string text, out byte[] hash)
    {
        hash = [];
        if (text.Length != HashDigits || !text.All(char.IsAsciiHexDigit))
        {
            return $"the NT hash of '{name}' is not {HashDigits} hexadecimal digits";
        }

        if (text.Equals(HashOfNothing, StringComparison.OrdinalIgnoreCase))
        {
            return $"user '{name}' has an empty password, with which anybody could log on";
        }

        hash = Convert.FromHexString(text);
        return null;
    }
}
