namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>Where memory is registered for the queue pairs of one device (<c>struct ibv_pd</c>).</summary>
internal interface IProtectionDomain
{
    /// <summary>Registers memory for the device, and for the peer to write if it is to.</summary>
    /// <param name="address">Memory that does not move until it is deregistered.</param>
    /// <param name="length">Bytes of it.</param>
    /// <param name="isOpenToPeer">Whether the peer may write there.</param>
    /// <param name="error">Why the system refused.</param>
    /// <returns>The registration; 0 when the system refuses.</returns>
    nint Register(ulong address, int length, bool isOpenToPeer, out int error);

    /// <summary>What the device calls registered memory.</summary>
    uint KeyOf(nint registration);

    /// <summary>The device no longer reaches it.</summary>
    void Deregister(nint registration);

    /// <summary>Gives the domain back; nothing is registered in it any more.</summary>
    void Free();
}
