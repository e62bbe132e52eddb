namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>What a queue pair is asked to do.</summary>
internal enum QueuePairOperation
{
    Send,
    Write,
    Read,
}

/// <summary>What goes wrong meanwhile.</summary>
internal enum QueuePairFault
{
    None,

    /// <summary>The connection breaks before the operation is carried out.</summary>
    Break,
}
