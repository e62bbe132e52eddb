// One process, one folder, two doors: HTTP for downloads, SMB for everybody's file manager.
//
//   dotnet run --project samples/AspNetHost
//   curl http://127.0.0.1:8080/            the list      curl -O http://127.0.0.1:8080/files/NAME     a file
//   smbclient //127.0.0.1/files -p 4450 -U demo%change-me
//
// http://127.0.0.1:8080/monitor shows who uses the server, live, and ends whom you like. As long as nobody says who may use it, with
// RequireAuthorization, it lets only browsers on this machine in.
//
// With Smb:Cluster:ConnectionString it is a node of a cluster (docs/cluster.md), and the page shows that too.
using Microsoft.Extensions.FileProviders;
using Smb3.Embedded;
using Smb3.Embedded.PostgreSql;

var builder = WebApplication.CreateBuilder(args);
var folder = Directory.CreateDirectory(Path.Combine(builder.Environment.ContentRootPath, "share")).FullName;

builder.Services.AddSmbServer(builder.Configuration.GetSection("Smb"), smb => smb
    .AddShare("files", folder)
    .UsePostgreSqlCluster()
    .UseHooks(services => new Audit(services.GetRequiredService<ILogger<Audit>>())));
builder.Services.AddHealthChecks().AddSmbServer();

var app = builder.Build();
app.UseStaticFiles(new StaticFileOptions
{
    FileProvider = new PhysicalFileProvider(folder),
    RequestPath = "/files",
    ServeUnknownFileTypes = true,
});
app.MapGet("/", () => Directory.EnumerateFiles(folder).Select(Path.GetFileName));
app.MapSmbMonitor("/monitor");
app.MapHealthChecks("/health");
app.Run();

/// <summary>Notes who comes, and keeps executables out.</summary>
internal sealed partial class Audit(ILogger<Audit> logger) : SmbServerHooks
{
    public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken)
    {
        Opening(session.Identity, open.Path);
        return new(!open.Path.EndsWith(".exe", StringComparison.OrdinalIgnoreCase));
    }

    [LoggerMessage(LogLevel.Debug, "{User} opens {Path}.")]
    private partial void Opening(SmbIdentity user, string path);
}
