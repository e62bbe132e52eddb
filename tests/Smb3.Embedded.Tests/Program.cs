using System.Globalization;
using Smb3.Embedded.Tests.State;

namespace Smb3.Embedded.Tests;

/// <summary>What runs in a process of its own, which is killed.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [StateWriterProcess.Command, var file, var commits])
        {
            await StateWriterProcess.RunAsync(file, int.Parse(commits, CultureInfo.InvariantCulture));
        }

        return 2;
    }
}
