using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Tests.State;

/// <summary>
/// A process that commits to a state file, tells which batches were acknowledged, and kills itself (SIGKILL) as soon as it has told so many: a batch that
/// was acknowledged a moment too early is lost then.
/// </summary>
internal static class StateWriterProcess
{
    public const string Command = "write-state";

    /// <summary>Scopes, and in each so many who commit at once.</summary>
    public const int Scopes = 4;

    public const int WritersPerScope = 4;

    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Starts it, with a pipe from its output.</summary>
    public static Process Start(string file, int commits)
    {
        string[] arguments = [typeof(StateWriterProcess).Assembly.Location, Command, file, commits.ToString(CultureInfo.InvariantCulture)];
        return Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
    }

    public static string ScopeOf(int writer) => $"scope {writer % Scopes}";

    /// <summary>Each batch puts the number into three records of its writer, one of them new, and removes the one that was new before.</summary>
    public static StateChange[] Batch(int writer, int number)
    {
        var value = new byte[100 + (number % 3000)];
        BinaryPrimitives.WriteInt32LittleEndian(value, number);
        return
        [
            StateChange.Put($"{writer} first", value), StateChange.Put($"{writer} number {number}", value),
            StateChange.Remove($"{writer} number {number - 1}"), StateChange.Put($"{writer} last", value),
        ];
    }

    public static async Task RunAsync(string file, int commits)
    {
        using var self = Process.GetCurrentProcess();
        await using var store = new SqliteStateStore(file);
        await using var output = Console.OpenStandardOutput();
        var turn = new Lock();
        var tokens = new long[Scopes];
        var next = new int[Scopes * WritersPerScope];
        for (var scope = 0; scope < Scopes; scope++)
        {
            tokens[scope] = await store.AcquireAsync(ScopeOf(scope), None);
            foreach (var record in await store.ReadAsync(ScopeOf(scope), None))
            {
                var writer = int.Parse(record.Key.Split(' ')[0], CultureInfo.InvariantCulture);
                next[writer] = BinaryPrimitives.ReadInt32LittleEndian(record.Value.Span);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, next.Length).Select(writer => Task.Run(async () =>
        {
            for (var number = next[writer] + 1; ; number++)
            {
                await store.CommitAsync(ScopeOf(writer), tokens[writer % Scopes], Batch(writer, number), None);
                lock (turn)
                {
                    output.Write(Encoding.ASCII.GetBytes($"{writer} {number}\n"));
                    if (--commits == 0)
                    {
                        self.Kill();
                    }
                }
            }
        })));
    }
}
