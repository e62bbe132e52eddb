using System.CommandLine;
using Smb3.Embedded.Serving;
using Smb3.Embedded.Tool;

return await CommandLineRun.InvokeAsync(ToolCommand.Create(), args);
