using System.Diagnostics;
using System.Globalization;
using System.Net;
using Npgsql;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// How long the shares of a node that dies are away. The node is a process of its own, which is killed; the one that takes its shares has as many of its
/// own. The schema <c>smb3 takeover</c> is made for it and dropped.
/// </summary>
internal static class Takeover
{
    /// <summary>How the process of the node that dies is started: with this, and what <see cref="RunAsync"/> gets.</summary>
    public const string NodeVerb = "takeover-node";

    private const string Schema = "smb3 takeover";
    private const string Ready = "ready";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    /// <summary>Runs it.</summary>
    /// <param name="shares">How many shares a node has.</param>
    /// <param name="connection">Where the database is.</param>
    public static async Task RunAsync(int shares, string connection)
    {
        var folder = Directory.CreateTempSubdirectory("smb3-takeover-").FullName;
        try
        {
            var theirs = Names(folder, "theirs", shares);
            var ours = Names(folder, "ours", shares);
            foreach (var share in theirs.Concat(ours))
            {
                Directory.CreateDirectory(share.Folder);
            }

            await DropAsync(connection).ConfigureAwait(false);
            using var other = Process.Start(new ProcessStartInfo(
                Environment.ProcessPath!, [typeof(Takeover).Assembly.Location, NodeVerb, folder, $"{shares}", connection]) { RedirectStandardOutput = true })!;
            try
            {
                await UntilReadyAsync(other).ConfigureAwait(false);
                await MeasureAsync(other, theirs, ours, connection).ConfigureAwait(false);
            }
            finally
            {
                other.Kill();
            }

            await DropAsync(connection).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The node that dies: it takes its shares, says so, and waits for its end.</summary>
    public static async Task RunNodeAsync(string folder, int shares, string connection)
    {
        await using var store = Store(connection);
        var all = Names(folder, "theirs", shares);
        await using var server = await StartAsync("first", store, all, all).ConfigureAwait(false);
        Console.WriteLine(Ready);
        await Task.Delay(Timeout.Infinite).ConfigureAwait(false);
    }

    private static async Task MeasureAsync(Process other, Share[] theirs, Share[] ours, string connection)
    {
        await using var store = Store(connection);
        await using var server = await StartAsync("second", store, [.. ours, .. theirs], ours).ConfigureAwait(false);
        await Task.Delay(Lease).ConfigureAwait(false);
        other.Kill();
        var began = Stopwatch.GetTimestamp();
        await UntilAnyServedAsync(server, theirs).ConfigureAwait(false);
        var first = Stopwatch.GetElapsedTime(began);
        await UntilServedAsync(server, theirs).ConfigureAwait(false);
        var all = Stopwatch.GetElapsedTime(began);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{theirs.Length} shares, lease {Lease.TotalSeconds} s: the first is back after {first.TotalSeconds:N2} s, all after {all.TotalSeconds:N2} s"));
    }

    private static async Task DropAsync(string connection)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand($"DROP SCHEMA IF EXISTS \"{Schema}\" CASCADE");
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static PostgreSqlClusterStore Store(string connection) => new(connection, new PostgreSqlStoreOptions { Schema = Schema });

    private static Share[] Names(string folder, string whose, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Share($"{whose} {i}", Path.Join(folder, $"{whose} {i}")))];

    private static async Task<SmbServer> StartAsync(string name, IClusterStore store, Share[] shares, Share[] awaited)
    {
        var builder = SmbServer.CreateBuilder().Listen(new IPEndPoint(IPAddress.Loopback, 0)).UseCluster(store, cluster =>
        {
            cluster.Node = name;
            cluster.LeaseTime = Lease;
            cluster.Addresses.Add(IPAddress.Loopback);
        });
        foreach (var share in shares)
        {
            builder.AddShare(share.Name, share.Folder, static share => share.Clustered = true);
        }

        var server = builder.AddUser("alice", "Pa$$w0rd").Build();
        await server.StartAsync().ConfigureAwait(false);
        await UntilServedAsync(server, awaited).ConfigureAwait(false);
        return server;
    }

    private static async Task UntilAnyServedAsync(SmbServer server, Share[] shares)
    {
        while (!Array.Exists(shares, share => IsServed(server, share)))
        {
            await Task.Delay(5).ConfigureAwait(false);
        }
    }

    private static async Task UntilServedAsync(SmbServer server, Share[] shares)
    {
        foreach (var share in shares)
        {
            while (!IsServed(server, share))
            {
                await Task.Delay(5).ConfigureAwait(false);
            }
        }
    }

    private static bool IsServed(SmbServer server, Share share) => server.Graph?.Shares.Find(share.Name) is { Guard.IsUp: false };

    private static async Task UntilReadyAsync(Process node)
    {
        while (await node.StandardOutput.ReadLineAsync().ConfigureAwait(false) is var line && line != Ready)
        {
            if (line is null)
            {
                throw new InvalidOperationException("The node that is to die has not started.");
            }
        }
    }

    private sealed record Share(string Name, string Folder);
}
