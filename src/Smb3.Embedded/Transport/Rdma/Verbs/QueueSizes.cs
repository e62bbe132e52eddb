namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>How much a connection may have under way.</summary>
/// <param name="Receives">Receives that are posted.</param>
/// <param name="Sends">SENDs and RDMA reads and writes.</param>
internal readonly record struct QueueSizes(int Receives, int Sends)
{
    /// <summary>RDMA reads and writes beside all the SENDs that the peer may have room for.</summary>
    private const int Moves = 64;

    public static QueueSizes Of(SmbDirectSettings settings) => new(settings.ReceiveCredits + 1, settings.SendCredits + Moves);
}
