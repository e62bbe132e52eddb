namespace Smb3.Embedded.Sessions;

/// <summary>How a connection sends a message that answers no request.</summary>
internal interface INotificationSender
{
    /// <summary>Sends <paramref name="message"/>, encrypted with the keys of <paramref name="sealedFor"/> when that is given.</summary>
    /// <returns>False when the connection has ended.</returns>
    bool TrySend(ReadOnlySpan<byte> message, Session? sealedFor);
}
