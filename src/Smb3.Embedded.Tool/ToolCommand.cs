using System.CommandLine;
using Smb3.Embedded.Serving;
using Smb3.Embedded.Tool.Controlling;
using Smb3.Embedded.Tool.Measuring;
using Smb3.Embedded.Tool.Passwords;

namespace Smb3.Embedded.Tool;

/// <summary>All that the tool can do.</summary>
internal static class ToolCommand
{
    public static RootCommand Create()
    {
        var serve = new Command("serve", "Serve folders over SMB 2 and 3 until Ctrl-C.");
        ServeProgram.AddTo(serve, new ServeDefaults { TakesFolder = true, Control = true });
        var root = new RootCommand("Serves folders over SMB 2 and 3, and shows and ends what clients do there.");
        foreach (var command in (Command[])
            [serve, PasswordCommand.Create(), .. ControlCommands.Create(), ClusterCommands.Create(), BenchCommand.Create(), CompletionCommand.Create()])
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
