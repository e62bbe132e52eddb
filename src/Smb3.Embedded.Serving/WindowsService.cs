using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.EventLog;

namespace Smb3.Embedded.Serving;

/// <summary>
/// The program as a service of Windows: its service manager asks for the end, its event log has what is logged, and nobody reads a console. When
/// it was started in any other way nothing of this does anything.
/// </summary>
internal static class WindowsService
{
    private const string Name = "smb3";

    /// <summary>Has relative paths and settings files be those of the program's folder: services begin in the system's.</summary>
    public static void EnterProgramFolder()
    {
        if (WindowsServiceHelpers.IsWindowsService())
        {
            Environment.CurrentDirectory = AppContext.BaseDirectory;
        }
    }

    /// <summary>Has the service manager know when the server is there, and be able to end it.</summary>
    public static void AddTo(SmbServerBuilder builder)
    {
        // The framework asks too, but not in a way that keeps the event log out of a program compiled for another system.
        if (OperatingSystem.IsWindows())
        {
            builder.Services.AddWindowsService(service => service.ServiceName = Name);
        }
    }

    /// <summary>Tells in the event log why the program ends.</summary>
    public static void Report(SmbStartProblem problem)
    {
        if (OperatingSystem.IsWindows() && WindowsServiceHelpers.IsWindowsService())
        {
            WriteEvent(string.Join(Environment.NewLine, problem.Messages));
        }
    }

    // Not by the server's own log, which has ended by then, or was never made.
    [SupportedOSPlatform("windows")]
    private static void WriteEvent(string text)
    {
        using var provider = new EventLogLoggerProvider(new EventLogSettings());
        provider.CreateLogger(SmbServer.LogCategory).Log(LogLevel.Critical, default, text, null, static (message, _) => message);
    }
}
