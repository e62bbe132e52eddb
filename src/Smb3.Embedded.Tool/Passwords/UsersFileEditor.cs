using System.Runtime.InteropServices;
using System.Text;
using Smb3.Embedded.Control.Places;

namespace Smb3.Embedded.Tool.Passwords;

/// <summary>Changes a file of users: wholly or not at all, one at a time, and open to nobody to whom it was not.</summary>
internal static partial class UsersFileEditor
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Changes the lines of a file, which is made when it is missing.</summary>
    /// <exception cref="InvalidDataException">The file has a wrong line, before the change or after it.</exception>
    /// <exception cref="IOException">It cannot be written, or somebody else is writing it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Change(string path, Func<IReadOnlyList<string>, IReadOnlyList<string>> change)
    {
        path = Path.GetFullPath(path);
        if (new FileInfo(path).LinkTarget is not null)
        {
            path = File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        }

        var next = path + ".new";
        using (var written = Begin(next))
        {
            try
            {
                var exists = File.Exists(path);
                if (exists)
                {
                    using (new SmbUsersFile(path))
                    {
                        // Its lines are right.
                    }

                    Keep(path, next);
                }

                written.Write(Encoding.UTF8.GetBytes(string.Concat(change(exists ? File.ReadAllLines(path) : []).Select(static line => line + "\n"))));
                written.Flush(flushToDisk: true);
                using (new SmbUsersFile(next))
                {
                    // A server can read it.
                }
            }
            catch
            {
                File.Delete(next);
                throw;
            }
        }

        File.Move(next, path, overwrite: true);
    }

    private static FileStream Begin(string next)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            return new FileStream(next, options);
        }
        catch (IOException) when (File.Exists(next))
        {
            throw new IOException($"Somebody else is changing this file of users, or was and did not end: '{next}' is there. If nobody is, remove it.");
        }
    }

    /// <summary>The new file belongs to whom the old one belongs to: root may set passwords for a server that is not root's.</summary>
    private static void Keep(string path, string next)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        if (FileOwner.Of(path) is { } owner && FileOwner.Of(next) is { } mine && owner != mine && ChangeOwner(next, owner.User, owner.Group) != 0)
        {
            throw new UnauthorizedAccessException($"'{path}' belongs to another user or group, and this one may not make a file that does; change it as that user.");
        }

        File.SetUnixFileMode(next, File.GetUnixFileMode(path));
    }

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
