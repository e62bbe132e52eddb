// Who did what with which file: one JSON object a line, in a file or on standard output.
//
//   dotnet run --project samples/AuditLog -- /srv/docs audit.jsonl
//   smbclient //127.0.0.1/docs -p 4450 -U demo%demo -c 'put README.md; rename README.md read.me; del read.me'
//   jq -c 'select(.event == "delete")' audit.jsonl
using Smb3.Embedded;
using Smb3.Embedded.Samples.AuditLog;

var folder = args.Length > 0 ? args[0] : SmbShareOptions.Memory;
var lines = args.Length > 1
    ? new FileStream(args[1], FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)
    : Console.OpenStandardOutput();
using var audit = new JsonAuditLog(lines);
var builder = SmbServer.CreateBuilder([]);
builder.AddShare("docs", folder).AddUser("demo", "demo").UseHooks(audit);
await using var server = builder.Build();
await server.RunAsync();
