using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Smb3.Embedded;
using Smb3.Embedded.Samples.ConsoleHost;

const int Fine = 0, CannotStart = SmbStartProblem.CannotStart, BadArguments = SmbStartProblem.BadSettings;
const string PasswordLetters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

var arguments = new Arguments();
var parsed = arguments.Command.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync(error.Message);
    }

    await Console.Error.WriteLineAsync("Try --help.");
    return BadArguments;
}

if (parsed.Action is not null)
{
    return await parsed.InvokeAsync(); // --help, --version
}

if (arguments.ConvertAppleDouble(parsed) is { } folder)
{
    try
    {
        return await AppleDoubleCommand.RunAsync(folder) ? Fine : CannotStart;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
    {
        await Console.Error.WriteLineAsync($"--convert-appledouble: {e.Message}");
        return CannotStart;
    }
}

if (arguments.MakeUserEntry(parsed) is { } newUser)
{
    var parts = newUser.Split(':');
    try
    {
        Console.WriteLine(SmbUsersFile.MakeEntry(
            parts[0], await Console.In.ReadLineAsync(), parts.Length > 1 ? parts[1].Split(',') : null));
        return Fine;
    }
    catch (ArgumentException e)
    {
        await Console.Error.WriteLineAsync($"--make-user-entry: {e.Message}");
        return BadArguments;
    }
}

if (Arguments.HasPasswords(parsed))
{
    await Console.Error.WriteLineAsync("warn: everybody on this machine can see the passwords of --user; use --users-file.");
}

SmbServer server;
var shares = new List<string>();
string? demoPassword = null;
var userName = "demo";
try
{
    var builder = SmbServer.CreateBuilder(args);

    // Standard output is for what scripts read; the log goes beside it.
    builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    builder.Configure(options =>
    {
        if (options.Shares.Count == 0 && options.Namespaces.Count == 0)
        {
            options.Shares.Add(new SmbShareOptions { Name = "demo", Folder = DemoFolder(), Comment = "A folder to try it out" });
        }

        if (options.Users.Count == 0 && options.UsersFile is null)
        {
            demoPassword ??= RandomNumberGenerator.GetString(PasswordLetters, 11) + RandomNumberGenerator.GetString("23456789", 1);
            options.Users.Add("demo", demoPassword);
        }
    });
    builder.UseSqliteState();
    builder.UsePostgreSqlCluster();
    builder.UseLdapAccounts();
    builder.UseConfiguredWinbind();
    if (arguments.Discovery(parsed))
    {
        builder.Configuration.AddInMemoryCollection([new($"{DiscoveryBuilderExtensions.SectionName}:Enabled", "true")]);
    }

    builder.UseConfiguredDiscovery();
    server = builder.Build();
    userName = demoPassword is null ? "USER" : "demo";
    shares.AddRange(server.Shares.Where(share => !share.IsNamespace).Select(share => share.Name));
    shares.AddRange(server.Namespaces.Select(space => space.Name));
}
catch (Exception e) when (SmbStartProblem.Find(e) is { } problem)
{
    return await TellAsync(problem);
}

await using (server)
{
    try
    {
        await server.StartAsync();
    }
    catch (Exception e) when (SmbStartProblem.Find(e) is { } problem)
    {
        return await TellAsync(problem);
    }

    // From here on a signal drains; only then scripts may learn that the server is there.
    var ended = server.WaitForShutdownAsync();
    foreach (var endPoint in server.EndPoints)
    {
        Console.WriteLine($"listening on {endPoint}");
    }

    using var reload = new ReloadSignal(server);
    using var collection = new IdleCollection();
    ConnectInstructions.Print(Console.Out, server.EndPoints, shares, userName, demoPassword);
    await ended;
}

return Fine;

static async Task<int> TellAsync(SmbStartProblem problem)
{
    foreach (var message in problem.Messages)
    {
        await Console.Error.WriteLineAsync(message);
    }

    return problem.ExitCode;
}

static string DemoFolder()
{
    try
    {
        return Directory.CreateDirectory(Path.Combine(Environment.CurrentDirectory, "share")).FullName;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        throw new IOException($"Cannot make the folder of the demo share: {e.Message} Name another with --share NAME=FOLDER.", e);
    }
}
