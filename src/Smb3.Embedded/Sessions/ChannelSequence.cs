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

    /// <summary>
    /// Counts a request in (MS-SMB2 3.3.5.2.10). False: it is stale, or a replay while requests of an earlier sequence still run; one
    /// that changes the file is then refused with STATUS_FILE_NOT_AVAILABLE. Every true answer is followed by one <see cref="Leave"/>.
    /// </summary>
    /// <param name="sequence">The request's channel sequence.</param>
    /// <param name="changes">Whether the request is a WRITE, SET_INFO or IOCTL.</param>
    /// <param name="replay">Whether it is marked as a replay.</param>
    public bool TryEnter(ushort sequence, bool changes, bool replay)
    {
        lock (_gate)
        {
            var ahead = (ushort)(sequence - _current);
            if (ahead != 0 && ahead <= 0x7FFF)
            {
                _outstandingBefore += _outstanding;
                _outstanding = 0;
                _current = sequence;
            }

            if (changes && (sequence != _current || (replay && _outstandingBefore > 0)))
            {
                return false;
            }

            if (sequence == _current)
            {
                _outstanding++;
            }
            else
            {
                _outstandingBefore++;
            }

            return true;
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
        }
    }
}
