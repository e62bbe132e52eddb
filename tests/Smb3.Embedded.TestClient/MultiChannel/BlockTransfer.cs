using System.Collections.Concurrent;
using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>The blocks of a file on their way over several channels: each channel takes the next, and gives back what it could not do.</summary>
internal sealed class BlockTransfer(
    int blocks, Func<int, SmbTestRequest> request, Action<int, SmbTestResponse> done, Action<int> progress)
{
    private const int Outstanding = 4;

    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<(int Block, bool Replay)> _waiting = new(Enumerable.Range(0, blocks).Select(i => (i, false)));
    private readonly Lock _sync = new();
    private long _lastAnswer = Stopwatch.GetTimestamp();
    private int _done;

    public bool IsDone => Volatile.Read(ref _done) == blocks;

    /// <summary>Does blocks over one channel until all are done.</summary>
    /// <param name="connection">The channel.</param>
    /// <param name="sequence">The client's channel sequence as of now.</param>
    /// <exception cref="TimeoutException">The channel does not answer while others do.</exception>
    /// <exception cref="EndOfStreamException">The channel's connection has ended.</exception>
    public Task RunAsync(SmbTestConnection connection, Func<ushort> sequence) =>
        Task.WhenAll(Enumerable.Range(0, Outstanding).Select(_ => WorkAsync(connection, sequence)));

    private async Task WorkAsync(SmbTestConnection connection, Func<ushort> sequence)
    {
        while (!IsDone)
        {
            if (!_waiting.TryDequeue(out var next))
            {
                // The rest is under way on other channels, and comes back if they die.
                await Task.Delay(10);
                continue;
            }

            SmbTestResponse response;
            try
            {
                response = await SendAsync(connection, next.Block, next.Replay, sequence());
            }
            catch
            {
                _waiting.Enqueue((next.Block, true));
                throw;
            }

            if (response.Status == NtStatus.FileNotAvailable)
            {
                // Sent with an old channel sequence, or a replay of what still runs (MS-SMB2 3.3.5.2.10).
                _waiting.Enqueue((next.Block, true));
                await Task.Delay(10);
                continue;
            }

            done(next.Block, response.Expect(NtStatus.Success));
            lock (_sync)
            {
                _done++;
                progress(_done);
            }
        }
    }

    private async Task<SmbTestResponse> SendAsync(SmbTestConnection connection, int block, bool replay, ushort sequence)
    {
        var started = Stopwatch.GetTimestamp();
        var what = request(block);
        var call = connection.SendAsync(what with
        {
            ChannelSequence = sequence,
            Flags = replay ? what.Flags | Smb2HeaderFlags.Replay : what.Flags,
        });
        while (true)
        {
            try
            {
                var response = await (await call.WaitAsync(Stalled)).ResponseAsync().WaitAsync(Stalled);
                Volatile.Write(ref _lastAnswer, Stopwatch.GetTimestamp());
                return response;
            }
            catch (TimeoutException) when (!IsDead(started))
            {
                // Everybody is slow: no reason to give this channel up.
            }
        }
    }

    private bool IsDead(long started) =>
        IsDone
        || Stopwatch.GetElapsedTime(Volatile.Read(ref _lastAnswer)) < Stalled
        || Stopwatch.GetElapsedTime(started) > GiveUp;
}
