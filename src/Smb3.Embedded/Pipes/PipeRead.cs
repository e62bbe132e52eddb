using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Pipes;

/// <summary>How a read of a pipe ended.</summary>
/// <param name="Status">
/// <see cref="NtStatus.Success"/>: the rest of one message. <see cref="NtStatus.BufferOverflow"/>: the buffer is full and the message
/// goes on; send both the bytes and the status. Anything else: no bytes.
/// </param>
/// <param name="Count">The bytes placed in the buffer.</param>
internal readonly record struct PipeRead(NtStatus Status, int Count);
