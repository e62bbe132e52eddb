namespace Smb3.Embedded.Sqlite;

/// <summary>A scope that is to be taken over.</summary>
internal sealed class AcquireWork(string scope) : StateWork
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _token;

    public Task<long> Done => _done.Task;

    public override long Size => 0;

    protected override bool IsEnded => _done.Task.IsCompleted;

    public override void Succeed() => _done.TrySetResult(_token);

    public override void Fail(Exception cause) => _done.TrySetException(cause);

    protected override void Do(Transaction transaction) => _token = transaction.Acquire(scope);

    protected override void Abandon(CancellationToken cancellationToken) => _done.TrySetCanceled(cancellationToken);
}
