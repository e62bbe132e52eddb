using System.Net;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>
/// Speaks one protocol of discovery. It knows neither sockets nor clocks: it is told the time, and acts late only by <see cref="Advance"/>. It is given
/// one thing after the other, and whatever it receives, it does not throw.
/// </summary>
internal interface IResponder
{
    /// <summary>When <see cref="Advance"/> is to be called; null: not before something else happens.</summary>
    TimeSpan? Due { get; }

    /// <summary>Announces this from now on, on these links.</summary>
    void Update(Announcement server, IReadOnlyList<Link> links, TimeSpan now);

    /// <summary>Takes a datagram.</summary>
    /// <param name="link">The number of the interface that it came by.</param>
    /// <param name="message">What it holds.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="isToAll">Whether it was sent to the group.</param>
    /// <param name="now">The time.</param>
    void Receive(int link, ReadOnlySpan<byte> message, IPEndPoint source, bool isToAll, TimeSpan now);

    /// <summary>Does what is due.</summary>
    void Advance(TimeSpan now);

    /// <summary>Takes everything back.</summary>
    void End();
}
