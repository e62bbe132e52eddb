using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>Counts what a store logs, by the numbers of the events.</summary>
internal abstract class RecordedLog : ILogger
{
    private readonly List<int> _events = [];

    public int Count(int id)
    {
        lock (_events)
        {
            return _events.Count(entry => entry == id);
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_events)
        {
            _events.Add(eventId.Id);
        }
    }
}

/// <summary>The log of one kind of store.</summary>
internal sealed class RecordedLog<TStore> : RecordedLog, ILogger<TStore>;
