using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>One line of the log.</summary>
internal sealed record LogEntry(LogLevel Level, int EventId, string Text);

/// <summary>Keeps what is logged, from Debug on.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public bool HasFaults => _entries.Any(entry => entry.Level >= LogLevel.Error);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        _entries.Enqueue(new LogEntry(logLevel, eventId.Id, exception is null ? text : text + Environment.NewLine + exception));
    }
}
