using System.Threading.Tasks.Sources;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>A reusable wait; the waiting caller continues on the thread that gives the signal.</summary>
internal sealed class ReadySignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;

    /// <summary>Begins the next wait; the previous one must be over.</summary>
    public ValueTask Renew()
    {
        _core.Reset();
        return new ValueTask(this, _core.Version);
    }

    public void Give() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
