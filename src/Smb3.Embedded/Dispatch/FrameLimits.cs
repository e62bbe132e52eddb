using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>How long frames may be on a connection, in either direction: a peer that has not authenticated gets little.</summary>
internal sealed class FrameLimits(Connection connection, IMessageTransport transport)
{
    /// <summary>
    /// The most bytes of requests and responses held for such a peer, and of responses in one frame. One request is always accepted, and
    /// one response is always written.
    /// </summary>
    public const int StrangerLimit = 16_384;

    /// <summary>The longest frame accepted from such a peer, encrypted or not: more than a logon needs.</summary>
    private const int LargestStrangerFrame = 65_536;

    private const int HeaderOverhead = 4096;
    private const int CreditUnit = 65_536;

    /// <summary>The longest frame that is accepted: it holds the largest negotiated payload and its headers.</summary>
    public int LargestRequest => connection is { Authenticated: true, Negotiated: { } negotiated }
        ? Math.Max(Math.Max(negotiated.MaxTransactSize, negotiated.MaxWriteSize), CreditUnit) + HeaderOverhead + (4 * CreditUnit)
        : LargestStrangerFrame;

    /// <summary>The most bytes of responses that share a frame; a longer response leaves alone.</summary>
    public int LargestResponse => connection is { Authenticated: true, Negotiated: { } negotiated }
        ? Math.Min(
            Math.Max(negotiated.MaxTransactSize, negotiated.MaxReadSize) + HeaderOverhead,
            transport.LargestMessage - Smb2TransformHeader.Size)
        : StrangerLimit;
}
