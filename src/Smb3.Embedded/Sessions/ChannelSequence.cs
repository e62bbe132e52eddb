using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// What an open knows of the client's channel changes (Open.ChannelSequence, OutstandingRequestCount and OutstandingPreRequestCount,
/// MS-SMB2 3.3.1.10): a change of the file that was sent over a channel which has since failed must not take effect late.
/// </summary>
internal sealed class ChannelSequence(ushort first)
{
    private readonly Lock _gate = new();
    private ushort _current = first;
    private int _outstanding;
    private int _outstandingBefore;
    private bool _closed;
    private TaskCompletionSource? _left;

    /// <summary>
    /// Counts a request in (MS-SMB2 3.3.5.2.10). FILE_NOT_AVAILABLE: the request changes the file and is either stale, or a replay while
    /// requests of an earlier sequence are still running. FILE_CLOSED: the open has left its session since the request found it there.
    /// Every success is followed by one <see cref="Leave"/>.
    /// </summary>
    /// <param name="sequence">The request's channel sequence.</param>
    /// <param name="changes">Whether the request is a WRITE, SET_INFO or IOCTL.</param>
    /// <param name="replay">Whether it is marked as a replay.</param>
    public NtStatus Enter(ushort sequence, bool changes, bool replay)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return NtStatus.FileClosed;
            }

            var ahead = (ushort)(sequence - _current);
            if (ahead != 0 && ahead <= 0x7FFF)
            {
                _outstandingBefore += _outstanding;
                _outstanding = 0;
                _current = sequence;
            }

            if (changes && (sequence != _current || (replay && _outstandingBefore > 0)))
            {
                return NtStatus.FileNotAvailable;
            }

            if (sequence == _current)
            {
                _outstanding++;
            }
            else
            {
                _outstandingBefore++;
            }

            return NtStatus.Success;
        }
    }

    public void Leave(ushort sequence)
    {
        lock (_gate)
        {
            if (sequence == _current)
            {
                _outstanding--;
            }
            else if (_outstandingBefore > 0)
            {
                _outstandingBefore--;
            }

            if (_outstanding + _outstandingBefore == 0)
            {
                _left?.TrySetResult();
            }
        }
    }

    /// <summary>Stops counting requests in.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }

    /// <summary>After <see cref="Close"/>: completes when all requests that were counted in have left.</summary>
    public Task WhenLeft()
    {
        lock (_gate)
        {
            if (_outstanding + _outstandingBefore == 0)
            {
                return Task.CompletedTask;
            }

            _left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _left.Task;
        }
    }
}
