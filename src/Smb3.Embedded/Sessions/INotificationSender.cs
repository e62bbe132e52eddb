using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Sessions;

/// <summary>How a connection sends a message that answers no request.</summary>
internal interface INotificationSender
{
    /// <summary>
    /// Sends <paramref name="message"/>, encrypted with the keys of <paramref name="sealedFor"/> when that is given, unless
    /// <paramref name="guard"/> is up before it leaves.
    /// </summary>
    /// <returns>The mark that <see cref="ArrivalOf"/> takes; <see langword="null"/> when the connection has ended.</returns>
    SentMark? TrySend(ReadOnlySpan<byte> message, Session? sealedFor, IGuard? guard);

    /// <summary>Whether the peer's transport has what was sent, as far as can be seen from here.</summary>
    Arrival ArrivalOf(SentMark mark);
}

/// <summary>A place in what was sent over a connection.</summary>
/// <param name="Position">Bytes that were handed to the connection, up to the end of the message.</param>
/// <param name="At">When that was.</param>
internal readonly record struct SentMark(long Position, long At);

/// <summary>What is known about something that was sent.</summary>
internal enum Arrival
{
    /// <summary>The transport does not say, and nothing has come from the peer since.</summary>
    Unknown,

    /// <summary>The peer's transport has not acknowledged it.</summary>
    Unacknowledged,

    /// <summary>The peer's transport has it, or where that cannot be seen, the peer has been heard from since.</summary>
    Arrived,
}
