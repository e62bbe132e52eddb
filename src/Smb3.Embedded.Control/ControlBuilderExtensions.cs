using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Control;
using Smb3.Embedded.Control.Serving;

namespace Smb3.Embedded;

/// <summary>Lets a server be watched and controlled from the same machine, by the tool <c>smb</c>.</summary>
public static class ControlBuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="UseConfiguredControl"/> takes.</summary>
    public const string SectionName = "Control";

    /// <summary>
    /// As <see cref="UseControl"/> where the configuration has a section <c>Control</c>, with <c>Enabled</c> and <c>Socket</c>, the path of the socket.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <exception cref="OptionsValidationException">The section has something else, or a value that means nothing.</exception>
    public static SmbServerBuilder UseConfiguredControl(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var section = builder.Configuration.GetSection(SectionName);
        var settings = ControlSettings.Read(section);
        return ControlSettings.IsEnabled(section) ? UseControl(builder, settings.Socket) : builder;
    }

    /// <summary>
    /// Serves a local socket while the server runs, over which its user, and root, see who uses it and end sessions and files.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="socket">
    /// The path of the socket, in a folder that is there; <see langword="null"/>: a name of its own in a folder of the user's alone, where the tool
    /// looks for it.
    /// </param>
    /// <remarks>Where the socket cannot be had, the log says why, and the server runs without it.</remarks>
    public static SmbServerBuilder UseControl(this SmbServerBuilder builder, string? socket = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCompanion(services => new ControlCompanion(
            socket,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Smb3.Embedded.Control")));
    }
}
