using Smb3.Embedded.State;

namespace Smb3.Embedded.Sqlite;

/// <summary>A batch.</summary>
internal sealed class CommitWork(string scope, long token, IReadOnlyList<StateChange> changes) : StateWork
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<StateChange>? _changes = changes;
    private bool _isFenced;

    public Task Done => _done.Task;

    public override long Size { get; } = SizeOf(changes);

    protected override bool IsEnded => _done.Task.IsCompleted;

    public override void Succeed()
    {
        if (_isFenced)
        {
            _done.TrySetException(new StateFencedException(
                $"The state of '{scope}' was taken over by another server, or its file was replaced."));
        }
        else
        {
            _done.TrySetResult();
        }
    }

    public override void Fail(Exception cause) => _done.TrySetException(cause);

    protected override void Do(Transaction transaction) => _isFenced = !transaction.TryChange(scope, token, _changes!);

    protected override void Abandon(CancellationToken cancellationToken)
    {
        _changes = null; // it may stay in the queue for as long as the disk does not answer
        _done.TrySetCanceled(cancellationToken);
    }

    private static long SizeOf(IReadOnlyList<StateChange> changes)
    {
        long size = 0;
        for (var i = 0; i < changes.Count; i++)
        {
            size += changes[i].Key.Length + (changes[i].Value?.Length ?? 0);
        }

        return size;
    }
}
