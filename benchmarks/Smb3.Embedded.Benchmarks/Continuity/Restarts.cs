using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.InMemory;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Benchmarks.Continuity;

/// <summary>
/// How long persistent handles, each on a file of its own, are on their way back when a server starts again. Nothing of the first server is left
/// but its files and its state.
/// </summary>
internal static class Restarts
{
    private const int PerConnection = 10_000;
    private const int AtOnce = 64;
    private const string User = "user";
    private const string Password = "password";

    public static async Task RunAsync(string folder, IEnumerable<int> handles)
    {
        Console.WriteLine("| handles | are back in | CPU | start of the server | CPU of a handle |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var count in handles)
        {
            await RunAsync(folder, count);
        }
    }

    private static async Task RunAsync(string parent, int count)
    {
        var folder = Directory.CreateDirectory(Path.Join(parent, $"restart-{Guid.NewGuid():N}"));
        try
        {
            var files = folder.CreateSubdirectory("files").FullName;
            var state = Path.Join(folder.FullName, "state.db");
            await OpenAsync(files, state, count);
            GC.Collect();

            await using var server = Build(files, state, new InMemoryTransport());
            var cpu = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.GetTimestamp();
            await server.StartAsync();
            var started = Stopwatch.GetElapsedTime(clock);
            cpu = Environment.CpuUsage.TotalTime - cpu;
            var recovery = server.LastRecovery ?? throw new InvalidOperationException("Nothing came back.");
            if (recovery.Restored != count || recovery.Dropped != 0)
            {
                throw new InvalidOperationException($"{recovery.Restored} handles came back and {recovery.Dropped} did not.");
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {count:N0} | {recovery.Duration.TotalSeconds:0.000} s | {cpu.TotalSeconds:0.00} s | {started.TotalSeconds:0.000} s | {cpu.TotalMicroseconds / count:0} µs |"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Opens so many files for a server that then goes and leaves their handles behind.</summary>
    private static async Task OpenAsync(string files, string state, int count)
    {
        var transport = new InMemoryTransport();
        await using var server = Build(files, state, transport);
        await server.StartAsync();
        var clients = new List<SmbTestConnection>();
        for (var first = 0; first < count; first += PerConnection)
        {
            var client = new SmbTestConnection(transport.Connect());
            clients.Add(client);
            var tree = await (await client.LogOnAsync(User, Password)).ConnectAsync("data");
            await client.EnsureCreditsAsync(AtOnce);
            for (var i = first; i < Math.Min(count, first + PerConnection); i += AtOnce)
            {
                var last = Math.Min(Math.Min(count, first + PerConnection), i + AtOnce);
                await Task.WhenAll(Enumerable.Range(i, last - i).Select(number => OpenAsync(tree, $"file {number}")));
            }
        }

        await server.StopAsync();
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    private static async Task OpenAsync(SmbTestTree tree, string name)
    {
        var createGuid = Guid.NewGuid();
        var body = RequestBody.Create(name, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, createGuid)));
        (await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
    }

    private static SmbServer Build(string files, string state, InMemoryTransport transport)
    {
        var builder = SmbServer.CreateBuilder()
            .AddUser(User, Password)
            .AddShare("data", files, static share => share.ContinuouslyAvailable = true)
            .UseSqliteState(state)
            .Configure(options =>
            {
                options.Transports.Add(() => transport);
                options.Limits.MaxPersistentOpens = options.Limits.MaxPersistentOpensPerUser = 1 << 20;
            });
        builder.Logging.ClearProviders();
        return builder.Build();
    }
}
