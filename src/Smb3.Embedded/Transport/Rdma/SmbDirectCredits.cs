namespace Smb3.Embedded.Transport.Rdma;

/// <summary>
/// The credits of both directions (MS-SMBD 3.1.1.1): how many SENDs the peer has room for, and how many we have room for and have told it.
/// </summary>
/// <remarks>
/// A grant travels with whatever is sent next, so both are counted under one lock. The last credit is kept for a message that grants some
/// (MS-SMBD 3.1.5.1): were both sides to use theirs up for data, neither could ever grant any.
/// </remarks>
internal sealed class SmbDirectCredits
{
    private readonly Lock _sync = new();
    private readonly int _mostReceives;
    private readonly int _mostSends;
    private int _ours;
    private int _theirs;
    private int _posted;
    private int _reserved;
    private int _target = 1;
    private bool _ended;
    private bool _isTaking;
    private TaskCompletionSource? _waiting;

    /// <param name="mostReceives">Receives that are posted at the most.</param>
    /// <param name="mostSends">Credits of the peer that are of use; more are not counted.</param>
    public SmbDirectCredits(int mostReceives, int mostSends)
    {
        _mostReceives = mostReceives;
        _mostSends = mostSends;
    }

    /// <summary>Whether a sender waits for a credit: the next one is its, and its message grants what there is to grant.</summary>
    public bool IsStarved
    {
        get
        {
            lock (_sync)
            {
                return _isTaking;
            }
        }
    }

    /// <summary>Whether the peer has used up so much of its credits that it should be granted more without waiting for a message to it.</summary>
    public bool IsGrantDue
    {
        get
        {
            lock (_sync)
            {
                return _posted > _theirs && _theirs <= _posted / 2;
            }
        }
    }

    /// <summary>Notes a message of the peer, which has used one of its credits; false when it had none.</summary>
    /// <param name="requested">Credits that it would like to have in all.</param>
    /// <param name="granted">Credits that it grants.</param>
    public bool TryReceive(int requested, int granted)
    {
        TaskCompletionSource? waiting;
        lock (_sync)
        {
            if (_theirs == 0)
            {
                return false;
            }

            _theirs--;
            _posted--;
            _target = requested;
            waiting = Grant(granted);
        }

        waiting?.TrySetResult();
        return true;
    }

    /// <summary>Takes what the peer grants and wants when the connection begins.</summary>
    public void Begin(int requested, int granted)
    {
        lock (_sync)
        {
            _target = requested;
            Grant(granted);
        }
    }

    /// <summary>Whether one more receive should be posted, out of <paramref name="most"/>; <see cref="Posted"/> follows.</summary>
    public bool TryReserve(int most)
    {
        lock (_sync)
        {
            if (_ended || _posted + _reserved >= Math.Min(Math.Min(_target, _mostReceives), most))
            {
                return false;
            }

            _reserved++;
            return true;
        }
    }

    /// <summary>A reserved receive has been posted: it can be granted.</summary>
    public void Posted()
    {
        TaskCompletionSource? waiting;
        lock (_sync)
        {
            _reserved--;
            _posted++;
            waiting = Wake();
        }

        waiting?.TrySetResult();
    }

    /// <summary>Grants the peer all that is posted, without using a credit: in the Negotiate Response.</summary>
    public int GrantAll()
    {
        lock (_sync)
        {
            var grant = _posted - _theirs;
            _theirs = _posted;
            return grant;
        }
    }

    /// <summary>Takes a credit for one SEND, if there is one now.</summary>
    /// <param name="grant">What the SEND grants.</param>
    public bool TryTake(out int grant)
    {
        lock (_sync)
        {
            return TryTakeCredit(out grant);
        }
    }

    /// <summary>Takes a credit for one SEND. One caller at a time.</summary>
    /// <returns>What the SEND grants; <see langword="null"/> when the connection has ended.</returns>
    public async ValueTask<int?> TakeAsync()
    {
        while (true)
        {
            Task granted;
            lock (_sync)
            {
                var isTaken = TryTakeCredit(out var grant);
                _isTaking = !isTaken && !_ended;
                if (!_isTaking)
                {
                    return isTaken ? grant : null;
                }

                _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                granted = _waiting.Task;
            }

            await granted.ConfigureAwait(false);
        }
    }

    /// <summary>Nothing is sent or received any more.</summary>
    public void End()
    {
        TaskCompletionSource? waiting;
        lock (_sync)
        {
            _ended = true;
            waiting = Wake();
        }

        waiting?.TrySetResult();
    }

    private TaskCompletionSource? Grant(int granted)
    {
        _ours = Math.Min(_ours + granted, _mostSends);
        return Wake();
    }

    private TaskCompletionSource? Wake()
    {
        var waiting = _waiting;
        _waiting = null;
        return waiting;
    }

    private bool TryTakeCredit(out int grant)
    {
        grant = _posted - _theirs;
        if (_ended || _ours == 0 || (_ours == 1 && grant == 0))
        {
            return false;
        }

        _ours--;
        _theirs += grant;
        return true;
    }
}
