namespace Smb3.Embedded.Sqlite;

/// <summary>Something that a caller waits for and the writer does inside a transaction.</summary>
internal abstract class StateWork
{
    private readonly Lock _lock = new();
    private bool _taken;
    private CancellationToken _cancelled;

    /// <summary>About the bytes that it adds to a transaction.</summary>
    public abstract long Size { get; }

    /// <summary>
    /// Carries it out, unless it was cancelled before. While that goes on a cancellation waits: the caller's values are being read.
    /// </summary>
    public void CarryOut(Transaction transaction)
    {
        lock (_lock)
        {
            if (IsEnded)
            {
                return;
            }

            _taken = true;
        }

        try
        {
            Do(transaction);
        }
        finally
        {
            lock (_lock)
            {
                _taken = false;
                if (_cancelled.IsCancellationRequested)
                {
                    Abandon(_cancelled);
                }
            }
        }
    }

    /// <summary>Ends the caller's wait, at once or as soon as its values are not needed any more.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _cancelled = cancellationToken;
            if (!_taken)
            {
                Abandon(cancellationToken);
            }
        }
    }

    /// <summary>The transaction is on the disk.</summary>
    public abstract void Succeed();

    /// <summary>The transaction did not happen, as far as is known.</summary>
    public abstract void Fail(Exception cause);

    /// <summary>Whether nobody waits any more.</summary>
    protected abstract bool IsEnded { get; }

    protected abstract void Do(Transaction transaction);

    protected abstract void Abandon(CancellationToken cancellationToken);
}
