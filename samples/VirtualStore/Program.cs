// Documents that are in no file system: an app's invoices, written out when somebody opens them.
//
//   dotnet run --project samples/VirtualStore
//   smbclient //127.0.0.1/invoices -p 4450 -U demo%demo -c 'recurse; ls'
using Smb3.Embedded;
using Smb3.Embedded.Samples.VirtualStore;

var invoices = new List<Invoice>
{
    new(1, new(2024, 3, 1, 9, 0, 0, TimeSpan.Zero), "Alder & Sons", 1_250.00m),
    new(2, new(2024, 7, 15, 14, 30, 0, TimeSpan.Zero), "Birch Ltd", 310.50m),
    new(3, new(2025, 1, 8, 11, 0, 0, TimeSpan.Zero), "Cedar plc", 99.90m),
};

var builder = SmbServer.CreateBuilder(args);
builder.AddShare("invoices", new InvoiceStore(invoices), share => share.Comment = "What the app has written").AddUser("demo", "demo");
await using var server = builder.Build();
await server.RunAsync();
