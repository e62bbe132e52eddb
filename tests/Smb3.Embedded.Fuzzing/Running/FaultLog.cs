using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Keeps what the server logs as an error: a fault of its own, whatever was sent to it.</summary>
internal sealed class FaultLog : ILogger
{
    private readonly Lock _sync = new();
    private string? _first;

    /// <summary>The first fault since the last time that somebody asked.</summary>
    public string? TakeFirst()
    {
        lock (_sync)
        {
            var first = _first;
            _first = null;
            return first;
        }
    }

    public bool HasFault => Volatile.Read(ref _first) is not null;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_sync)
            {
                _first ??= $"{formatter(state, exception)} {exception}";
            }
        }
    }
}
