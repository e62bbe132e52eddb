namespace Smb3.Embedded.Transport.Rdma;

/// <summary>A SEND of the peer.</summary>
/// <param name="Buffer">The buffer that it filled.</param>
/// <param name="Length">Bytes of it.</param>
internal readonly record struct ReceivedSend(RegisteredBuffer Buffer, int Length);
