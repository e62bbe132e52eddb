namespace Smb3.Embedded.Tool.Passwords;

/// <summary>Changes one user in the text of a file of users, and leaves all other lines as they are.</summary>
internal static class UsersText
{
    /// <summary>The text with an entry in place of the one of that name, or behind all others.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="entry">What <see cref="SmbUsersFile.MakeEntry"/> made.</param>
    /// <param name="keepsGroups">Whether the groups of the one before are kept. Its display name is, and so is that it is disabled.</param>
    public static IReadOnlyList<string> Set(IReadOnlyList<string> lines, string entry, bool keepsGroups)
    {
        var parts = entry.Split(':');
        var at = IndexOf(lines, parts[0]);
        if (at < 0)
        {
            return [.. lines, entry];
        }

        var before = lines[at].Split(':');

        // Samba's lines have nothing that could be kept but that an account is disabled (D): NAME:UID:LMHASH:NTHASH:[FLAGS]:LCT-TIME:
        var isSambas = before is [_, _, { Length: 32 }, _, ['[', ..], ..];
        var isDisabled = isSambas ? before[4].Contains('D', StringComparison.Ordinal) : before.Length > 1 && before[1].TrimStart().StartsWith('!');
        var groups = parts.Length > 2 ? parts[2] : keepsGroups && !isSambas && before.Length > 2 ? before[2] : string.Empty;
        var shown = !isSambas && before.Length > 3 ? before[3] : string.Empty;
        var line = $"{parts[0]}:{(isDisabled ? "!" : string.Empty)}{parts[1]}:{groups}:{shown}".TrimEnd(':');
        return [.. lines.Take(at), line, .. lines.Skip(at + 1)];
    }

    /// <summary>The text without a user; null: there is none of that name.</summary>
    public static IReadOnlyList<string>? Remove(IReadOnlyList<string> lines, string name) =>
        IndexOf(lines, name) is >= 0 and var at ? [.. lines.Take(at), .. lines.Skip(at + 1)] : null;

    private static int IndexOf(IReadOnlyList<string> lines, string name)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (!lines[i].StartsWith('#') && lines[i].Split(':')[0].Trim().Equals(name.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }
}
