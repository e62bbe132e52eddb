using System.Diagnostics;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Caching;

/// <summary>
/// Takes the breaks of one connection. What a break forbids is forbidden the moment that it arrives; what has to be written or closed
/// before the answer is done beside everything else, and some answers come late, or never.
/// </summary>
internal sealed class BreakDesk(string who, SmbTestTree tree, Truth truth, RunReport report, TimeSpan patience, int seed)
{
    private readonly Lock _sync = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<Guid, CachedFile> _leases = [];
    private readonly Dictionary<Smb2FileId, CachedFile> _oplocks = [];
    private readonly List<(Smb2FileId FileId, SmbTestResponse Message)> _early = [];
    private readonly List<Task> _answers = [];
    private volatile bool _gone;

    /// <summary>Guards the lists of handles too.</summary>
    public Lock Sync => _sync;

    /// <summary>Whether the connection has been cut: nothing is wrong with what fails from then on.</summary>
    public bool Gone => _gone;

    /// <summary>What is cached under a lease key; known before the CREATE is sent, because a break may come at once.</summary>
    public CachedFile Lease(Guid key)
    {
        lock (_sync)
        {
            if (!_leases.TryGetValue(key, out var cached))
            {
                _leases[key] = cached = new CachedFile(key);
            }

            return cached;
        }
    }

    /// <summary>An oplock was granted.</summary>
    public CachedFile Oplock(Smb2FileId fileId, Smb2LeaseState state, long arrival)
    {
        lock (_sync)
        {
            var cached = new CachedFile(null);
            _oplocks[fileId] = cached;
            cached.Grant(state, false, arrival);
            foreach (var (_, message) in _early.Where(early => early.FileId == fileId).ToList())
            {
                Take(cached, BreakAnswer.Parse(message.Message), message.Arrival);
            }

            _early.RemoveAll(early => early.FileId == fileId);
            return cached;
        }
    }

    /// <summary>A break has arrived.</summary>
    public void Take(SmbTestResponse message)
    {
        if (message.Command != Smb2Command.OplockBreak)
        {
            report.Wrong(who, $"a message that nobody asked for: {message.Command} {message.Status}");
            return;
        }

        report.Count("breaks");
        var notice = BreakAnswer.Parse(message.Message);
        lock (_sync)
        {
            if (notice.IsLease ? _leases.TryGetValue(notice.LeaseKey, out var cached) : _oplocks.TryGetValue(notice.FileId, out cached))
            {
                Take(cached, notice, message.Arrival);
            }
            else if (notice.IsLease)
            {
                report.Count("breaks for a connection that was cut");
            }
            else
            {
                _early.Add((notice.FileId, message));
            }
        }
    }

    /// <summary>All breaks up to now are answered.</summary>
    public async Task SettleAsync()
    {
        Task[] answers;
        lock (_sync)
        {
            answers = [.. _answers];
            _answers.Clear();
        }

        await Task.WhenAll(answers);
    }

    /// <summary>Closes an open that its cache no longer counts.</summary>
    public async Task CloseAsync(FileHandle handle)
    {
        var response = await handle.File.CloseAsync();
        lock (_sync)
        {
            handle.Cache?.Closed(handle, response.Arrival);
        }
    }

    /// <summary>Puts on the server what only the cache has.</summary>
    /// <param name="cached">The cache.</param>
    /// <param name="sinceBreak">How long ago it was asked to; who has come too late must not write over what others have written.</param>
    public Task FlushAsync(CachedFile cached, Stopwatch? sinceBreak = null)
    {
        // One after the other: a break must not be answered while a write that was begun before is still on its way to the server.
        lock (_sync)
        {
            return cached.Flush = FlushAsync(cached, cached.Flush, sinceBreak);
        }
    }

    private async Task FlushAsync(CachedFile cached, Task before, Stopwatch? sinceBreak)
    {
        await Task.WhenAny(before);
        FileHandle? through;
        lock (_sync)
        {
            through = cached.Handles.FirstOrDefault(handle => handle.Writes);
        }

        foreach (var (block, unwritten) in through is null ? [] : cached.Dirty)
        {
            if (sinceBreak?.Elapsed > patience * 0.8)
            {
                throw new TimeoutException();
            }

            var data = BlockContent.Make(through!.Number, block, unwritten.Version);
            var status = await through.File.TryWriteAsync((ulong)block * BlockContent.Size, data);
            if (status != NtStatus.Success)
            {
                throw new SmbTestException($"the write of a cached block was answered with {status}") { Status = status };
            }

            cached.Written(block, unwritten.Version);
            report.Count("written behind");
        }
    }

    /// <summary>Forgets everything, and says so to the truth.</summary>
    public void CutOff()
    {
        lock (_sync)
        {
            _gone = true;
            foreach (var cached in _leases.Values.Concat(_oplocks.Values))
            {
                Discard(cached);
            }
        }
    }

    private void Discard(CachedFile cached)
    {
        lock (_sync)
        {
            if (cached.Handles.FirstOrDefault() is { } handle)
            {
                cached.Discard(truth.File(handle.Number));
            }
        }
    }

    private void Take(CachedFile cached, BreakAnswer notice, long arrival)
    {
        var to = notice.IsLease ? notice.NewState
            : notice.OplockLevel == Smb2OplockLevel.LevelII ? Smb2LeaseState.Read
            : Smb2LeaseState.None;
        var had = cached.Held;
        cached.Break(to, arrival);
        var mustAnswer = notice.IsLease ? notice.AcknowledgmentRequired : had != Smb2LeaseState.Read && had != Smb2LeaseState.None;
        var before = cached.Answers;
        var chance = _random.Next(100);
        var delay = _random.Next(20, 250);
        var watch = Stopwatch.StartNew();
        if (mustAnswer)
        {
            cached.Unanswered++;
        }

        cached.Answers = Task.Run(async () =>
        {
            await before;
            try
            {
                await AnswerAsync(cached, notice, to, mustAnswer, arrival, chance, delay, watch);
            }
            catch (Exception e) when (_gone && e is EndOfStreamException or ObjectDisposedException)
            {
                // Whom should it answer?
            }
            catch (Exception e) when (_gone || watch.Elapsed > patience * 0.8)
            {
                // The server's clock has ended the break, and others may have written meanwhile.
                report.Count($"too slow ({(e as SmbTestException)?.Status.ToString() ?? e.GetType().Name})");
                Discard(cached);
            }
            catch (Exception e)
            {
                report.Wrong(who, $"the answer to a break failed: {e.Message}");
            }
            finally
            {
                if (mustAnswer)
                {
                    lock (_sync)
                    {
                        cached.Unanswered--;
                    }
                }
            }
        });
        _answers.RemoveAll(answer => answer.IsCompleted);
        _answers.Add(cached.Answers);
    }

    private async Task AnswerAsync(
        CachedFile cached, BreakAnswer notice, Smb2LeaseState to, bool mustAnswer, long arrival, int chance, int delay, Stopwatch watch)
    {
        await FlushAsync(cached, watch);
        if (!mustAnswer || _gone)
        {
            return;
        }

        if ((to & Smb2LeaseState.Handle) == 0)
        {
            await CloseParkedAsync(cached);
        }

        if (chance < 15)
        {
            report.Count("late answers");
            await Task.Delay(delay);
        }
        else if (chance == 99)
        {
            // The server's clock ends it. Until then others wait.
            cached.Lower(Smb2LeaseState.None);
            report.Count("breaks not answered");
            return;
        }

        var keep = chance is > 15 and < 25 ? Smb2LeaseState.None : to;
        cached.Lower(keep);
        lock (_sync)
        {
            if (cached.IsOver(arrival))
            {
                return; // the close was the answer
            }
        }

        var body = notice.IsLease
            ? RequestBody.LeaseBreakAcknowledgment(notice.LeaseKey, keep)
            : RequestBody.OplockBreakAcknowledgment(
                notice.FileId, keep == Smb2LeaseState.None ? Smb2OplockLevel.None : Smb2OplockLevel.LevelII);
        var response = await tree.CallAsync(Smb2Command.OplockBreak, body);
        bool closed;
        lock (_sync)
        {
            closed = cached.MayBeOver(arrival);
        }

        if (response.Status == NtStatus.Success)
        {
            report.Count("breaks answered");
        }
        else if (closed)
        {
            report.Count("breaks answered by a close");
        }
        else if (watch.Elapsed > patience * 0.8)
        {
            report.Count("breaks ended by the clock");
        }
        else
        {
            report.Wrong(who, $"a break to {to} that came {watch.Elapsed.TotalSeconds:f2}s ago, answered with {keep}: {response.Status}");
        }
    }

    private async Task CloseParkedAsync(CachedFile cached)
    {
        List<FileHandle> parked;
        lock (_sync)
        {
            parked = cached.Handles.Where(handle => handle.Parked).ToList();
            foreach (var handle in parked)
            {
                cached.Remove(handle);
            }
        }

        foreach (var handle in parked)
        {
            report.Count("closed for a break");
            await CloseAsync(handle);
        }
    }
}
