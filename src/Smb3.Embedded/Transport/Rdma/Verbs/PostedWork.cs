using System.Threading.Tasks.Sources;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>
/// One place in the send queue: a SEND, whose buffer it gives back, or an RDMA read or write that somebody waits for. It is used again and
/// again.
/// </summary>
internal sealed class PostedWork(IProtectionDomain domain, int index) : IValueTaskSource<bool>
{
    // What waits for data that has been moved goes on elsewhere: it may write it to a disk, and meanwhile others complete.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private RegisteredBuffer? _sent;
    private nint _sink;

    public int Index => index;

    /// <summary>Whether the device has it.</summary>
    public bool IsPosted { get; private set; }

    public void BeginSend(RegisteredBuffer sent)
    {
        _sent = sent;
        IsPosted = true;
    }

    /// <summary>Begins an RDMA read or write.</summary>
    /// <param name="sink">Memory that is open to the peer meanwhile; 0: none.</param>
    public void BeginMove(nint sink)
    {
        _sent = null;
        _sink = sink;
        _core.Reset();
        IsPosted = true;
    }

    /// <summary>Waits for the read or write that has begun; one caller, once.</summary>
    /// <returns>Whether it was done.</returns>
    public ValueTask<bool> WaitAsync() => new(this, _core.Version);

    /// <summary>The device is done with it.</summary>
    /// <returns>Whether its place is free; otherwise whoever waits for the read or write leaves it.</returns>
    public bool Complete(bool isDone)
    {
        IsPosted = false;
        if (_sent is { } sent)
        {
            _sent = null;
            sent.Dispose();
            return true;
        }

        if (_sink != 0)
        {
            domain.Deregister(_sink);
            _sink = 0;
        }

        _core.SetResult(isDone);
        return false;
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
