// A share that can be written, in one SQLite file.
//
//   dotnet run --project samples/SqliteStore
//   smbclient //127.0.0.1/files -p 4450 -U demo%demo -c 'put README.md; ls'
using Smb3.Embedded;
using Smb3.Embedded.Samples.SqliteStore;

var builder = SmbServer.CreateBuilder(args);
builder.AddShare("files", new SqliteFileStore("files.db")).AddUser("demo", "demo");
await using var server = builder.Build();
await server.RunAsync();
