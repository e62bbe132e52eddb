using System.CommandLine;
using Microsoft.Extensions.Configuration;

namespace Smb3.Embedded.Serving;

/// <summary>
/// The command line of a server: the options of <see cref="SmbCommandLine"/>, each a setting by another name, those of the packages beside it, and two
/// that serve nothing; where it is wanted, a folder to share.
/// </summary>
internal sealed class ServeArguments
{
    private const string Automatic = "auto", None = "none";

    private readonly List<Option> _settings = [];
    private readonly ServeDefaults _defaults;
    private readonly Option<bool> _discovery;
    private readonly Option<string> _control;
    private readonly Option<string> _convertAppleDouble;
    private readonly Option<string> _makeUserEntry;
    private readonly Argument<DirectoryInfo>? _folder;

    public ServeArguments(Command command, ServeDefaults defaults)
    {
        _defaults = defaults;
        if (defaults.TakesFolder)
        {
            _folder = new Argument<DirectoryInfo>("FOLDER")
            {
                Arity = ArgumentArity.ZeroOrOne,
                Description = "A folder to share, by its own name.",
            };
            command.Arguments.Add(_folder);
        }

        foreach (var option in SmbCommandLine.Options)
        {
            // One value for each time: what follows belongs to somebody else.
            _settings.Add(option.IsList
                ? Describe(new Option<string[]>(option.Name) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false }, option)
                : Describe(new Option<string>(option.Name), option));
            command.Options.Add(_settings[^1]);
        }

        _discovery = new Option<bool>("--discovery")
        {
            Description = "Let Finder, Explorer and others find the server (mDNS and WS-Discovery), where it does not listen on the loopback only.",
        };
        command.Options.Add(_discovery);
        _control = new Option<string>("--control")
        {
            HelpName = "auto|none|SOCKET",
            Description = "Let this user see and end sessions and files by `smb sessions` and others, over a local socket; `auto`: one that they find; "
                + $"`none`: nobody may. Default: {(defaults.Control ? Automatic : None)}.",
        };
        command.Options.Add(_control);
        _makeUserEntry = new Option<string>("--make-user-entry")
        {
            HelpName = "NAME[:GROUP,GROUP]", Description = "Serve nothing; read a password from standard input, print a line for --users-file, and end.",
        };
        command.Options.Add(_makeUserEntry);
        _convertAppleDouble = new Option<string>("--convert-appledouble")
        {
            HelpName = "FOLDER",
            Description = "Serve nothing; move what macOS keeps in files ._NAME of a folder into streams, where Macs look for it on a share, and end.",
        };
        command.Options.Add(_convertAppleDouble);
    }

    /// <summary>Whether others are to find the server by themselves.</summary>
    public bool Discovery(ParseResult parsed) => parsed.GetValue(_discovery);

    /// <summary>The settings of the control socket; null: those of the configuration, which comes before what this program does by itself.</summary>
    public IEnumerable<KeyValuePair<string, string?>>? Control(ParseResult parsed, IConfiguration configuration)
    {
        const string Section = ControlBuilderExtensions.SectionName;
        return (parsed.GetResult(_control), parsed.GetValue(_control)) switch
        {
            (null, _) => _defaults.Control && !configuration.GetSection(Section).Exists() ? [new($"{Section}:Enabled", "true")] : null,
            (_, Automatic) => [new($"{Section}:Enabled", "true")],
            (_, None) => [new($"{Section}:Enabled", "false")],
            (_, var socket) => [new($"{Section}:Enabled", "true"), new($"{Section}:Socket", socket)],
        };
    }

    /// <summary>The folder whose AppleDouble files are to be converted.</summary>
    public string? ConvertAppleDouble(ParseResult parsed) => parsed.GetValue(_convertAppleDouble);

    /// <summary>The user of whom a line for the file of users is to be made.</summary>
    public string? MakeUserEntry(ParseResult parsed) => parsed.GetValue(_makeUserEntry);

    /// <summary>The folder that is to be shared.</summary>
    public DirectoryInfo? Folder(ParseResult parsed) => _folder is null ? null : parsed.GetValue(_folder);

    /// <summary>Whether there are passwords among the arguments.</summary>
    public static bool HasPasswords(ParseResult parsed) => parsed.GetResult("--user") is not null;

    /// <summary>The settings, as <see cref="SmbServer.CreateBuilder"/> reads them.</summary>
    public string[] Settings(ParseResult parsed) =>
    [
        .. _settings.Select(parsed.GetResult).OfType<System.CommandLine.Parsing.OptionResult>()
            .SelectMany(static given => given.Tokens.Select(token => $"{given.Option.Name}={token.Value}")),
    ];

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
