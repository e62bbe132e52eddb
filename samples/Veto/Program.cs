// A share on which nobody can put programs, whatever they call them first.
//
//   dotnet run --project samples/Veto -- /srv/docs .exe .scr .com
//   smbclient //127.0.0.1/docs -p 4450 -U demo%demo -c 'put README.md x.txt; rename x.txt x.exe'     NT_STATUS_ACCESS_DENIED
using Smb3.Embedded;
using Smb3.Embedded.Samples.Veto;

var folder = args.Length > 0 ? args[0] : SmbShareOptions.Memory;
string[] endings = args.Length > 1 ? args[1..] : [".exe", ".com", ".scr", ".bat", ".cmd"];
var builder = SmbServer.CreateBuilder([]);
builder.AddShare("docs", folder).AddUser("demo", "demo").UseHooks(new NameVeto(endings));
await using var server = builder.Build();
await server.RunAsync();
