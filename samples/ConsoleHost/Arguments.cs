using System.CommandLine;

namespace Smb3.Embedded.Samples.ConsoleHost;

/// <summary>
/// The command line: the options of <see cref="SmbCommandLine"/>, each a setting by another name, one for what announces it, and two that serve nothing. Here they are only
/// checked and described; the builder reads them.
/// </summary>
internal sealed class Arguments
{
    private readonly Option<bool> _discovery;
    private readonly Option<string> _convertAppleDouble;
    private readonly Option<string> _makeUserEntry;

    public Arguments()
    {
        Command = new RootCommand("Serves folders over SMB 2 and 3.");
        foreach (var option in SmbCommandLine.Options)
        {
            // One value for each time: what follows belongs to somebody else.
            Command.Options.Add(option.IsList
                ? Describe(new Option<string[]>(option.Name) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false }, option)
                : Describe(new Option<string>(option.Name), option));
        }

        _discovery = new Option<bool>("--discovery")
        {
            Description = "Let Finder, Explorer and others find the server (mDNS and WS-Discovery), where it does not listen on the loopback only.",
        };
        Command.Options.Add(_discovery);
        _makeUserEntry = new Option<string>("--make-user-entry")
        {
            HelpName = "NAME[:GROUP,GROUP]", Description = "Serve nothing; read a password from standard input, print a line for --users-file, and end.",
        };
        Command.Options.Add(_makeUserEntry);
        _convertAppleDouble = new Option<string>("--convert-appledouble")
        {
            HelpName = "FOLDER",
            Description = "Serve nothing; move what macOS keeps in files ._NAME of a folder into streams, where Macs look for it on a share, and end.",
        };
        Command.Options.Add(_convertAppleDouble);
    }

    public RootCommand Command { get; }

    /// <summary>Whether others are to find the server by themselves.</summary>
    public bool Discovery(ParseResult parsed) => parsed.GetValue(_discovery);

    /// <summary>The folder whose AppleDouble files are to be converted.</summary>
    public string? ConvertAppleDouble(ParseResult parsed) => parsed.GetValue(_convertAppleDouble);

    /// <summary>The user of whom a line for the file of users is to be made.</summary>
    public string? MakeUserEntry(ParseResult parsed) => parsed.GetValue(_makeUserEntry);

    /// <summary>Whether there are passwords among the arguments.</summary>
    public static bool HasPasswords(ParseResult parsed) => parsed.GetResult("--user") is not null;

    private static Option Describe(Option made, SmbCommandLineOption option)
    {
        made.HelpName = option.ValueName;
        made.Description = option.Description + DefaultOf(option.Name);
        return made;
    }

    private static string DefaultOf(string option) => option switch
    {
        "--share" => " Default: demo.",
        "--user" => " Default: demo with a random password.",
        _ => string.Empty,
    };
}
