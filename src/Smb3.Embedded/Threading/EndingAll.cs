using System.Runtime.ExceptionServices;

namespace Smb3.Embedded.Threading;

/// <summary>
/// Ends several things, every one of them, even if a store throws while one is being ended: anything left behind would stay for ever. The
/// first exception is thrown when everything has been tried.
/// </summary>
internal struct EndingAll
{
    private ExceptionDispatchInfo? _failure;

    public void Note(Exception failure) => _failure ??= ExceptionDispatchInfo.Capture(failure);

    /// <summary>The first exception.</summary>
    public readonly Exception? Failure => _failure?.SourceException;

    public readonly void ThrowIfFailed() => _failure?.Throw();
}
