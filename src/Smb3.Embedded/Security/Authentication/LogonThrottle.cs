using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// Slows down password guessing. It is asked before a password is checked, so that its answer does not depend on whether the
/// password is right. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Failures count against the network that they come from, which is refused once there are too many. An attempt that is being checked
/// counts as a failure until it turns out not to be one, so that many connections give no more guesses than one. A name is never refused,
/// because anybody can fail in anybody's name: after too many failures, attempts at it from a network that it has not logged on from are
/// delayed. A name on a network that it has logged on from is counted separately: what strangers do, there or elsewhere, does not affect
/// it.
/// </remarks>
internal sealed class LogonThrottle(LogonThrottleOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly FailureTable<ClientNetwork> _networks = new(options.MaximumEntries, options.FailuresPerAddress, options.Window, time);
    private readonly FailureTable<string> _names = new(options.MaximumEntries, options.FailuresPerUser, options.Window, time);
    private readonly FailureTable<(ClientNetwork Network, string Name)> _familiar =
        new(options.MaximumEntries, options.FailuresPerAddress, options.Window, time);

    private readonly KnownNetworks _known = new(options.MaximumEntries);

    /// <summary>How many networks and names are remembered for a failure or an attempt in progress.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _networks.Count + _names.Count + _familiar.Count;
            }
        }
    }

    /// <summary>
    /// Asked when an exchange begins, before the client has named a user: false when any user would be refused. It saves the work of
    /// an exchange; the decision is made by <see cref="EnterAsync"/>.
    /// </summary>
    /// <param name="network">Where the client is.</param>
    /// <param name="until">With false: when it is admitted again.</param>
    public bool Admits(ClientNetwork network, out DateTimeOffset until)
    {
        lock (_lock)
        {
            until = default;
            if (!_networks.IsOver(network) || _known.HasAny(network))
            {
                return true;
            }

            until = time.GetUtcNow() + _networks.TimeLeft(network);
            return false;
        }
    }

    /// <summary>
    /// Asked when the client has named a user and before its proof is looked at. The attempt is disposed when that is done.
    /// </summary>
    public async ValueTask<LogonAttempt> EnterAsync(
        ClientNetwork network, string userName, string domain, CancellationToken cancellationToken)
    {
        var name = userName.ToUpperInvariant();
        while (true)
        {
            Task turn;
            lock (_lock)
            {
                var isFamiliar = _known.Has(name, domain, network);
                var pair = (network, name);
                var over = isFamiliar ? _familiar.IsOver(pair) : _networks.IsOver(network);
                if (over)
                {
                    var (left, failures) = isFamiliar
                        ? (_familiar.TimeLeft(pair), _familiar.FailuresOf(pair))
                        : (_networks.TimeLeft(network), _networks.FailuresOf(network));
                    return LogonAttempt.Refuse(time.GetUtcNow() + left, DelayAfter(failures));
                }

                var mayJudge = isFamiliar ? _familiar.TryReserve(pair, out turn) : _networks.TryReserve(network, out turn);
                if (mayJudge)
                {
                    var wait = !isFamiliar && _names.IsOver(name) && options.FirstDelay > TimeSpan.Zero ? options.MaximumDelay : TimeSpan.Zero;
                    return new LogonAttempt(this, network, name, domain, isFamiliar, wait);
                }
            }

            // As many as may still fail are being judged: what becomes of them decides.
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Delays an attempt as the failures of its name demand, right password or wrong.</summary>
    public Task SlowAsync(LogonAttempt attempt, CancellationToken cancellationToken) =>
        attempt.Wait > TimeSpan.Zero ? Task.Delay(attempt.Wait, time, cancellationToken) : Task.CompletedTask;

    internal TimeSpan Fail(LogonAttempt attempt)
    {
        lock (_lock)
        {
            if (attempt.IsFamiliar)
            {
                // The network answers for it too, with who has not logged on from there yet.
                _networks.Add(attempt.Network);
                return DelayAfter(_familiar.Add((attempt.Network, attempt.Name)));
            }

            return DelayAfter(Math.Max(_networks.Add(attempt.Network), _names.Add(attempt.Name)));
        }
    }

    internal void Succeed(LogonAttempt attempt)
    {
        lock (_lock)
        {
            // The network keeps its failures, so that one known password does not buy tries at others, and so does the name, which
            // strangers go on trying.
            _known.Add(attempt.Name, attempt.Domain, attempt.Network);
            _familiar.Clear((attempt.Network, attempt.Name));
        }
    }

    internal void Leave(LogonAttempt attempt)
    {
        lock (_lock)
        {
            if (attempt.IsFamiliar)
            {
                _familiar.Release((attempt.Network, attempt.Name));
            }
            else
            {
                _networks.Release(attempt.Network);
            }
        }
    }

    private TimeSpan DelayAfter(int failures)
    {
        if (failures == 0 || options.FirstDelay <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        var milliseconds = options.FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30));
        return milliseconds < options.MaximumDelay.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : options.MaximumDelay;
    }
}
