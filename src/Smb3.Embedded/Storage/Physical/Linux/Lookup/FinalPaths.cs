using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Lookup;

/// <summary>The location of an open inode below the root according to the kernel (<c>/proc/self/fd</c>), free of symbolic links.</summary>
internal static class FinalPaths
{
    private const char Unreadable = '\uFFFD';

    /// <summary>The path as clients see it; null when the inode has no name below the root, or one that is not UTF-8.</summary>
    public static StorePath? Of(FileDescriptor root, FileDescriptor file)
    {
        if (InodeCalls.PathOf(root) is not { } top || InodeCalls.PathOf(file) is not { } full)
        {
            return null;
        }

        if (full == top)
        {
            return StorePath.Root;
        }

        var prefix = top.EndsWith('/') ? top : top + "/";
        if (!full.StartsWith(prefix, StringComparison.Ordinal) || full.Contains(Unreadable))
        {
            return null;
        }

        var path = StorePath.Root;
        foreach (var range in full.AsSpan(prefix.Length).Split('/'))
        {
            path = path.Append(DiskNames.Decode(Encoding.UTF8.GetBytes(full[prefix.Length..][range])));
        }

        return path;
    }
}
