using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Dfs;

/// <summary>A path that is asked for in a referral request: <c>\server\root</c>, and below.</summary>
internal sealed class DfsPath
{
    private readonly int _rootEnd;
    private readonly int _shareStart;
    private readonly int _surplus;

    private DfsPath(string text, int surplus, int shareStart, int rootEnd)
    {
        Text = text;
        _surplus = surplus;
        _shareStart = shareStart;
        _rootEnd = rootEnd;
    }

    /// <summary>The whole, with one backslash in front and none at the end.</summary>
    public string Text { get; }

    /// <summary>The name of the root or share.</summary>
    public string Share => Text[_shareStart.._rootEnd];

    /// <summary><c>\server\root</c></summary>
    public string Root => Text[.._rootEnd];

    /// <summary>What is below the root; empty for the root itself.</summary>
    public ReadOnlySpan<char> Rest => Text.AsSpan(Math.Min(_rootEnd + 1, Text.Length));

    /// <summary><c>\server\root</c> and the first <paramref name="length"/> characters of <see cref="Rest"/>.</summary>
    public string Prefix(int length) => Text[..EndOf(length)];

    /// <summary>PathConsumed (MS-DFSC 2.2.4) of that: bytes of the path as the client sent it.</summary>
    public int BytesOf(int length) => (_surplus + EndOf(length)) * sizeof(char);

    /// <summary>
    /// Whether <paramref name="text"/> names at least a server and a root, each name of which is not empty. What names less asks for
    /// domains or their controllers (MS-DFSC 3.1.4.2).
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DfsPath? path)
    {
        // PathConsumed has 16 bits.
        path = null;
        if (text.Length > ushort.MaxValue / sizeof(char) || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        var surplus = text.StartsWith(@"\\", StringComparison.Ordinal) ? 1 : 0;
        var end = text.EndsWith('\\') ? text.Length - 1 : text.Length;
        if (end <= surplus || text[surplus] != '\\')
        {
            return false;
        }

        var clean = text[surplus..end];
        var share = clean.IndexOf('\\', 1) + 1;
        if (share == 0 || clean.EndsWith('\\') || clean.AsSpan(1).Contains(@"\\", StringComparison.Ordinal) || clean.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = clean.IndexOf('\\', share);
        path = new DfsPath(clean, surplus, share, rest < 0 ? clean.Length : rest);
        return true;
    }

    private int EndOf(int length) => length == 0 ? _rootEnd : _rootEnd + 1 + length;
}
