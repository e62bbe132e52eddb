namespace Smb3.Embedded.Transport.Rdma;

/// <summary>
/// Memory that this end opens to its peer: what a client does with the buffers of its READs and WRITEs (MS-SMBD 3.1.4.3). A server opens none.
/// </summary>
internal interface IMemoryWindow
{
    /// <summary>Opens registered memory until <see cref="Close"/>, or until the peer's SEND closes it.</summary>
    /// <param name="buffer">The memory; it must not be given back before it is closed.</param>
    /// <param name="length">Bytes of it.</param>
    /// <param name="access">What the peer may do with it.</param>
    /// <returns>How the peer is told of it.</returns>
    RemoteBuffer Open(RegisteredBuffer buffer, int length, RemoteAccess access);

    /// <summary>Closes what was opened; nothing reaches it any more.</summary>
    void Close(uint token);
}

/// <summary>What the peer may do with memory that is open to it.</summary>
[Flags]
internal enum RemoteAccess
{
    None = 0,

    /// <summary>It may fetch what is there: the data of a WRITE.</summary>
    Read = 1,

    /// <summary>It may put something there: the data of a READ.</summary>
    Write = 2,
}
