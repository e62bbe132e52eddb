using System.Diagnostics;
using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>What an administrator does on the machine.</summary>
internal static class Machine
{
    /// <summary>Runs a program, which must succeed.</summary>
    public static void Run(string program, params string[] arguments)
    {
        var (code, text) = Try(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}: {text}");
    }

    /// <summary>Runs a program.</summary>
    public static (int Code, string Text) Try(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var text = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text);
    }
}
