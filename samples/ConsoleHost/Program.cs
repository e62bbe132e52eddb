using System.CommandLine;
using Smb3.Embedded.Serving;

var command = new RootCommand("Serves folders over SMB 2 and 3.");
ServeProgram.AddTo(command);
return await CommandLineRun.InvokeAsync(command, args);
