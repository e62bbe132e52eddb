using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// A password that is being checked, or was refused unchecked. Disposing it frees its place; it has failed only when
/// <see cref="Fail"/> was called.
/// </summary>
internal sealed class LogonAttempt : IDisposable
{
    private readonly LogonThrottle? _throttle;
    private int _left;

    public LogonAttempt(LogonThrottle throttle, ClientNetwork network, string name, string domain, bool isFamiliar, TimeSpan wait)
    {
        _throttle = throttle;
        Network = network;
        Name = name;
        Domain = domain;
        IsFamiliar = isFamiliar;
        Wait = wait;
    }

    private LogonAttempt(DateTimeOffset until, TimeSpan delay)
    {
        IsRefused = true;
        Until = until;
        Delay = delay;
    }

    /// <summary>The password must not be checked; the answer is that to a wrong one.</summary>
    public bool IsRefused { get; }

    /// <summary>Until when it is refused.</summary>
    public DateTimeOffset Until { get; }

    public ClientNetwork Network { get; }

    /// <summary>The name that the client gave, in upper case.</summary>
    public string Name { get; } = "";

    public string Domain { get; } = "";

    /// <summary>Whether the name has logged on from the network before.</summary>
    public bool IsFamiliar { get; }

    /// <summary>How long the password waits to be checked.</summary>
    public TimeSpan Wait { get; }

    /// <summary>How long the answer is held back.</summary>
    public TimeSpan Delay { get; private set; }

    public static LogonAttempt Refuse(DateTimeOffset until, TimeSpan delay) => new(until, delay);

    /// <summary>The password was wrong, or there is no such user.</summary>
    public void Fail() => Delay = _throttle!.Fail(this);

    /// <summary>The password was right.</summary>
    public void Succeed() => _throttle!.Succeed(this);

    public void Dispose()
    {
        if (_throttle is not null && Interlocked.Exchange(ref _left, 1) == 0)
        {
            _throttle.Leave(this);
        }
    }
}
