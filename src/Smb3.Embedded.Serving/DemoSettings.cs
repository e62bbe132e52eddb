using System.Security.Cryptography;

namespace Smb3.Embedded.Serving;

/// <summary>A share and a user to try a server with, for who gives none.</summary>
/// <param name="folder">The folder in which the one of the share is made when it is needed.</param>
internal sealed class DemoSettings(string folder)
{
    /// <summary>The name of the user, and of the share.</summary>
    public const string User = "demo";

    private const string PasswordLetters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    private bool _hadShares;
    private bool _hadUsers;

    /// <summary>The user's password; null: there is no such user.</summary>
    public string? Password { get; private set; }

    /// <summary>Adds what is missing, at the start and whenever the settings are read again.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public void Apply(SmbServerOptions options)
    {
        // As long as nothing was ever given: who takes the last share out of the settings wants none.
        _hadShares |= options.Shares.Count + options.Namespaces.Count > 0;
        _hadUsers |= options.Users.Count > 0 || options.UsersFile is not null;
        if (!_hadShares)
        {
            options.Shares.Add(new SmbShareOptions { Name = User, Folder = MakeFolder(), Comment = "A folder to try it out" });
        }

        if (!_hadUsers)
        {
            Password ??= RandomNumberGenerator.GetString(PasswordLetters, 11) + RandomNumberGenerator.GetString("23456789", 1);
            options.Users.Add(User, Password);
        }
    }

    private string MakeFolder()
    {
        try
        {
            return Directory.CreateDirectory(Path.Combine(folder, "share")).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot make the folder of the demo share: {e.Message} Name another with --share NAME=FOLDER.", e);
        }
    }
}
