using Smb3.Embedded.Dfs;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>The name in a CREATE on a share that is a part of DFS (MS-SMB2 3.3.5.9, MS-DFSC 3.2.4.1).</summary>
internal static class DfsName
{
    /// <summary>
    /// Makes <paramref name="name"/> relative to the share; STATUS_PATH_NOT_COVERED when it leads elsewhere. Where the client writes plain
    /// names it is the same, except that a link itself can be opened as the reparse point that it is.
    /// </summary>
    public static NtStatus Resolve(Request request, Share share, CreateOptions options, ref string name)
    {
        if (share.Dfs is not { } root)
        {
            return NtStatus.Success;
        }

        var isDfsName = (request.Flags & Smb2HeaderFlags.Dfs) != 0;
        if (isDfsName)
        {
            name = WithoutRoot(name);
        }

        // A name that cannot be is refused later, unless it leads elsewhere: then it is for the other server to say.
        var path = FilePath.Parse(name, FileNames.MaxLength, out var parsed) == NtStatus.Success
            ? parsed.Path
            : new StorePath(name.Replace('/', '\\'));
        return root.Covers(path) || (!isDfsName && (options & CreateOptions.OpenReparsePoint) != 0 && root.IsLink(path))
            ? NtStatus.Success
            : NtStatus.PathNotCovered;
    }

    /// <summary>
    /// What is left of <c>server\share\path</c>. The tree connect says which share it is: like Windows, the server does not look at the two
    /// names, puts up with a backslash in front, and takes less than both of them for the root.
    /// </summary>
    private static string WithoutRoot(string name)
    {
        var rest = name.AsSpan(name.StartsWith('\\') ? 1 : 0);
        for (var names = 0; names < 2; names++)
        {
            var cut = rest.IndexOfAny('\\', '/');
            if (cut < 0)
            {
                return string.Empty;
            }

            rest = rest[(cut + 1)..];
        }

        return rest.ToString();
    }
}
