using Smb3.Embedded.Tests.State;

namespace Smb3.Embedded.Tests;

/// <summary>What runs in a process of its own, which a test kills.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [StateWriterProcess.Command, var file])
        {
            await StateWriterProcess.RunAsync(file);
        }

        return 2;
    }
}
