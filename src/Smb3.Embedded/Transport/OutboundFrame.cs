namespace Smb3.Embedded.Transport;

/// <summary>A message to be sent.</summary>
/// <param name="Bytes">The message, with the transport's headroom in front.</param>
/// <param name="Invalidates">
/// The token of a piece of the peer's memory that the peer's transport closes when the message arrives (MS-SMBD 3.1.4.2);
/// <see langword="null"/>: none. Only a transport with <see cref="IRemoteMemory"/> is asked to.
/// </param>
internal readonly record struct OutboundFrame(Memory<byte> Bytes, uint? Invalidates = null);
