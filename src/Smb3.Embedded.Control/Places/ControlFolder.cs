namespace Smb3.Embedded.Control.Places;

/// <summary>
/// The folder in which the servers of a user have their sockets, each a file <c>PROCESS.sock</c>: nobody else can look into it. A socket that is
/// visible there accepts, or its server has ended without removing it.
/// </summary>
internal static class ControlFolder
{
    public const string Pattern = "*.sock";

    private const string Name = "smb3-embedded";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Where it is, or would be.</summary>
    public static string Find() => Find(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"), Path.GetTempPath());

    public static string Find(string? runtimeFolder, string temporaryFolder)
    {
        if (OperatingSystem.IsWindows())
        {
            return Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), Name);
        }

        // A service and a shell of root's have different run-time folders, or none.
        if (FileOwner.Own == 0 && Directory.Exists("/run"))
        {
            return Path.Join("/run", Name);
        }

        // Of another user where `su` has left it.
        return runtimeFolder is ['/', ..] && FileOwner.Of(runtimeFolder) is { IsFolder: true } found && found.User == FileOwner.Own
            ? Path.Join(runtimeFolder, Name)
            : Path.Join(temporaryFolder, $"{Name}-{FileOwner.Own}");
    }

    /// <summary>Makes it, where it is missing.</summary>
    /// <exception cref="IOException">It is not the user's alone, or cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder); // of the user's profile, whose rights it has
            return;
        }

        Directory.CreateDirectory(folder, Private);
        Check(folder);
    }

    /// <summary>Makes sure that nobody else can have put anything into it.</summary>
    /// <exception cref="IOException">It is not the user's alone.</exception>
    public static void Check(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        if (FileOwner.Of(folder) is not { IsFolder: true } found || found.User != FileOwner.Own || File.GetUnixFileMode(folder) != Private)
        {
            throw new IOException($"'{folder}' is not a folder that belongs to this user and is closed to all others (mode 0700); remove it.");
        }
    }
}
