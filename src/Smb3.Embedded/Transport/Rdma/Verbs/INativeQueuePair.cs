using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>
/// A queue pair of a device with its completion queue, and the connection that it is for. Its owner sees to it that nothing is called once it
/// has been freed.
/// </summary>
internal interface INativeQueuePair
{
    /// <summary>Whether the peer writes what an RDMA read asks it for, so that it must be let.</summary>
    bool NeedsSinks { get; }

    /// <summary>The descriptor that can be read from when something has completed.</summary>
    int Descriptor { get; }

    bool TryPostReceive(ulong id, VerbsBuffer buffer);

    /// <summary>Posts a SEND, which closes memory of the peer where the device can do that; the peer closes it itself otherwise.</summary>
    bool TryPostSend(ulong id, VerbsBuffer buffer, int length, uint? invalidates);

    /// <summary>Posts an RDMA read or write.</summary>
    /// <param name="id">What it completes with.</param>
    /// <param name="kind">Which of the two.</param>
    /// <param name="address">Our memory.</param>
    /// <param name="key">The key of our memory.</param>
    /// <param name="remote">The peer's memory.</param>
    bool TryPostMove(ulong id, WorkKind kind, ulong address, uint key, RemoteBuffer remote);

    /// <summary>Takes what has completed.</summary>
    /// <returns>How many; less than 0 when the device has failed.</returns>
    int Poll(Span<WorkCompletion> completions);

    /// <summary>Takes the events that made the descriptor readable.</summary>
    void TakeEvents();

    /// <summary>Asks for an event when something completes. What completed before may not cause one, so a poll follows.</summary>
    void Arm();

    /// <summary>Ends the connection: what was posted and not done completes as not done.</summary>
    void Disconnect();

    /// <summary>Frees the queues; the device no longer touches any memory.</summary>
    void FreeQueues();

    /// <summary>Frees the connection, after the queues and what was made with its device: the library may close a device that is gone.</summary>
    void FreeConnection();
}
