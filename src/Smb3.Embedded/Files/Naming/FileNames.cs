using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Naming;

/// <summary>The rules for one name in a directory (MS-FSCC 2.1.5).</summary>
internal static class FileNames
{
    /// <summary>NTFS and every client accept a name of at most 255 UTF-16 units.</summary>
    public const int MaxLength = 255;

    // MS-FSCC 2.1.5.2, and the separator itself.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(
        "\"*/:<>?|\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F");

    private static readonly SearchValues<char> ForbiddenInExpressions = SearchValues.Create(
        "/:|\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F");

    /// <summary>
    /// Whether this can be a search expression: a valid name apart from its wildcards (MS-FSA 2.1.5.6.3), and so not longer than one.
    /// </summary>
    public static bool IsExpression(ReadOnlySpan<char> expression) =>
        expression.Length <= MaxLength && !expression.ContainsAny(ForbiddenInExpressions);

    /// <summary>Whether a file can have this name; success, or the status that NT gives.</summary>
    public static NtStatus Check(ReadOnlySpan<char> name, int maxLength)
    {
        if (name is "..")
        {
            return NtStatus.ObjectPathSyntaxBad;
        }

        return name.IsEmpty || name.Length > maxLength || name is "." or "\uF029" or ".\uF029" || name.ContainsAny(Forbidden)
            ? NtStatus.ObjectNameInvalid
            : NtStatus.Success;
    }
}
