using Microsoft.Extensions.Logging;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>Opens the store that a share's folder names.</summary>
internal static class StoreFactory
{
    /// <exception cref="SmbServerStartException">The folder cannot be used; the message says why and what to do.</exception>
    public static IFileStore Open(SmbShareOptions share, ILogger logger)
    {
        var shareName = share.Name;
        var folder = share.Folder!;
        if (folder.Equals(SmbShareOptions.Memory, StringComparison.OrdinalIgnoreCase))
        {
            return new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = share.Posix });
        }

        try
        {
            var path = Path.GetFullPath(folder);
            if (File.Exists(path))
            {
                throw Unusable(shareName, path, "is a file; share the folder that it is in", null);
            }

            if (!Directory.Exists(path))
            {
                throw Unusable(shareName, path, "does not exist (or may not be looked at); create it, or name another", null);
            }

            using (var first = Directory.EnumerateFileSystemEntries(path).GetEnumerator())
            {
                first.MoveNext();
            }

            return new PhysicalFileStore(path, new PhysicalFileStoreOptions
            {
                Snapshots = share.Snapshots,
                CaseSensitive = share.Posix,
                Quotas = share.Quotas,
                Logger = logger,
            });
        }
        catch (UnauthorizedAccessException e)
        {
            throw Unusable(shareName, folder, "may not be read; give this account the right to, or name another", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw Unusable(shareName, folder, $"cannot be used: {e.Message}", e);
        }
    }

    private static SmbServerStartException Unusable(string shareName, string folder, string problem, Exception? cause) =>
        new($"Share '{shareName}': the folder '{folder}' {problem}.", cause);
}
