using System.Net;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>What the connections of a listener share. Each disposes it once, when nothing of the connection is left.</summary>
internal interface IQueuePairHost : IDisposable
{
    /// <summary>How much each connection may have under way.</summary>
    QueueSizes Sizes { get; }

    /// <summary>What waits for completions.</summary>
    ReadinessQueue Queue { get; }

    TimeProvider Time { get; }

    /// <summary>The connection is about to be freed: events of it mean nothing any more.</summary>
    void Remove(CmId id);

    /// <summary>The system has refused what a connection needs, which ends it.</summary>
    void Refused(RdmaException why, EndPoint remote);
}
