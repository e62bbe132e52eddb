using System.Buffers.Binary;
using System.Globalization;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.State;

/// <summary>A process that is killed amid its commits loses none that it acknowledged, and leaves none half done.</summary>
public sealed class KilledStateWriterTests : IDisposable
{
    private const int Kills = 8;

    private readonly TemporaryFolder _folder = new();
    private readonly int[] _acknowledged = new int[StateWriterProcess.Scopes * StateWriterProcess.WritersPerScope];

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task A_killed_process_leaves_what_it_acknowledged_and_nothing_half()
    {
        var file = Path.Join(_folder.Path, "state.db");
        for (var kill = 0; kill < Kills; kill++)
        {
            await WriteAndKillAsync(file, commits: 1 + (kill * 97));
            await using var store = new SqliteStateStore(file);
            Assert.Equal((2 * kill) + 2, await store.AcquireAsync(StateWriterProcess.ScopeOf(0), CancellationToken.None));
            await CheckAsync(store);
        }

        Assert.True(_acknowledged.Sum() > Kills * 97);
    }

    /// <summary>Lets a process commit for a while, and notes what it acknowledged.</summary>
    private async Task WriteAndKillAsync(string file, int commits)
    {
        using var process = StateWriterProcess.Start(file, commits);
        try
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                var numbers = line.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                _acknowledged[numbers[0]] = Math.Max(_acknowledged[numbers[0]], numbers[1]);
                commits--;
            }

            await process.WaitForExitAsync();
            Assert.InRange(commits, int.MinValue, 0); // it came as far as that
        }
        finally
        {
            process.Kill();
        }
    }

    private async Task CheckAsync(SqliteStateStore store)
    {
        for (var writer = 0; writer < _acknowledged.Length; writer++)
        {
            var own = (await store.ReadAsync(StateWriterProcess.ScopeOf(writer), CancellationToken.None))
                .Where(record => record.Key.StartsWith($"{writer} ", StringComparison.Ordinal)).ToDictionary(record => record.Key, record => record.Value);
            if (own.Count == 0)
            {
                Assert.Equal(0, _acknowledged[writer]);
                continue;
            }

            var number = BinaryPrimitives.ReadInt32LittleEndian(own[$"{writer} first"].Span);
            Assert.InRange(number, _acknowledged[writer], _acknowledged[writer] + 1 + Kills); // at most one a life was done and not told
            var batch = StateWriterProcess.Batch(writer, number).Where(change => change.Value is not null).ToList();
            Assert.Equal(batch.Select(change => change.Key).Order(), own.Keys.Order());
            Assert.All(batch, change => Assert.True(own[change.Key].Span.SequenceEqual(change.Value!.Value.Span), change.Key));
        }
    }
}
