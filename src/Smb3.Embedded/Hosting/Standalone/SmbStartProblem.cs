using Microsoft.Extensions.Options;

namespace Smb3.Embedded;

/// <summary>
/// What keeps a server from starting, as a program tells it: for people, with what to do, and as an exit code. <see cref="SmbServerBuilder.RunAsync"/>
/// does so by itself.
/// </summary>
/// <param name="ExitCode">
/// <see cref="BadSettings"/> when a setting or the command line is wrong; <see cref="CannotStart"/> when the machine does not let it: a port is
/// taken, a folder is missing.
/// </param>
/// <param name="Messages">One or more lines, each complete.</param>
public sealed record SmbStartProblem(int ExitCode, IReadOnlyList<string> Messages)
{
    /// <summary>The exit code when a port, a folder or a file cannot be used: 1.</summary>
    public const int CannotStart = 1;

    /// <summary>The exit code when settings or arguments are wrong: 2.</summary>
    public const int BadSettings = 2;

    /// <summary>The problem that an exception of <c>Build</c> or <c>StartAsync</c> stands for.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns><see langword="null"/>: it is none of these, but a bug.</returns>
    public static SmbStartProblem? Find(Exception exception) => exception switch
    {
        OptionsValidationException invalid => new(BadSettings, [.. invalid.Failures.Select(SmbCommandLine.Explain)]),
        InvalidDataException => new(BadSettings, [$"{exception.Message} {exception.InnerException?.Message}".TrimEnd()]),
        SmbServerStartException or IOException or UnauthorizedAccessException => new(CannotStart, [exception.Message]),
        _ => null,
    };
}
