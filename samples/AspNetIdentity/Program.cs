// Users who register on a web page by ASP.NET Core Identity, and log on over SMB with the same name and password. README.md says what that costs.
//
//   dotnet run --project samples/AspNetIdentity
//   curl -H 'Content-Type: application/json' -d '{"email":"alice@example.com","password":"Correct-Horse-1"}' http://127.0.0.1:8080/register
//   smbclient //127.0.0.1/files -p 4450 -U 'alice@example.com%Correct-Horse-1'
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Smb3.Embedded;
using Smb3.Embedded.Samples.AspNetIdentity;

var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration;

// The keys that NT hashes are encrypted with: beside the database, and not in it.
builder.Services.AddDataProtection().PersistKeysToFileSystem(new DirectoryInfo(settings["Keys"]!)).SetApplicationName("AspNetIdentity");
builder.Services.AddDbContext<UsersContext>(options => options.UseSqlite($"Data Source={settings["Database"]}"));
builder.Services.AddSingleton<NtHashes>();
builder.Services.AddSingleton<UserChanges>();
builder.Services.AddAuthorization();
builder.Services.AddIdentityApiEndpoints<AppUser>(options => options.Lockout.MaxFailedAccessAttempts = 3)
    .AddRoles<IdentityRole>()
    .AddEntityFrameworkStores<UsersContext>();

// The hook: whenever Identity makes its hash of a password, the NT hash is made too.
builder.Services.AddScoped<PasswordHasher<AppUser>>();
builder.Services.AddScoped<IPasswordHasher<AppUser>, NtPasswordHasher>();

builder.Services.AddSingleton<IdentitySmbUsers>();
builder.Services.AddSmbServer(settings.GetSection("Smb"), smb => smb
    .AddShare("files", Directory.CreateDirectory(settings["Folder"]!).FullName)
    .UseUsers(services => services.GetRequiredService<IdentitySmbUsers>()));

var app = builder.Build();
await using (var scope = app.Services.CreateAsyncScope())
{
    await scope.ServiceProvider.GetRequiredService<UsersContext>().Database.EnsureCreatedAsync();
}

app.MapIdentityApi<AppUser>();
app.MapDelete("/account", async (HttpContext context, UserManager<AppUser> users) =>
    await users.GetUserAsync(context.User) is { } user && (await users.DeleteAsync(user)).Succeeded ? Results.NoContent() : Results.NotFound())
    .RequireAuthorization();
await app.RunAsync();
