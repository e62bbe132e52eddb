using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Contention.Running;

/// <summary>
/// SMB Direct inside the process: the data of READ and WRITE goes through the memory of the clients, of one as it is, of the next signed, of
/// the third sealed.
/// </summary>
internal sealed class RdmaPlace : IAsyncDisposable
{
    // A process that has just started, on a busy machine, may take longer than the five seconds of MS-SMBD 3.1.2.1 for its first message.
    private static readonly SmbDirectSettings Settings = new() { NegotiationTimeout = TimeSpan.FromMinutes(1) };

    private readonly InProcessFabric _fabric = new();

    /// <summary>Registered memory that nobody has given back.</summary>
    public long Rented => _fabric.Buffers.Rented;

    public ITransportListener Listen() => new SmbDirectListener(_fabric, Settings);

    /// <summary>Connects a client.</summary>
    /// <param name="options">What it offers besides.</param>
    /// <param name="pair">Its end of the connection.</param>
    public SmbTestConnection Connect(SmbTestClientOptions? options, out InProcessQueuePair pair)
    {
        pair = _fabric.Connect(firstReceive: Settings.MaxReceiveSize);
        var transport = SmbDirectTransport.Connect(pair, Settings, _fabric.Buffers);
        options = (options ?? new SmbTestClientOptions()) with { RdmaTransforms = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing] };
        return new SmbTestConnection(transport, options, new DataByRdma(pair, pair));
    }

    /// <summary>
    /// Chooses how the messages of a session are protected, and their data with them; from its first tree connect on, which must be signed
    /// (MS-SMB2 3.3.5.7).
    /// </summary>
    public static void Protect(SmbTestSession session, int choice)
    {
        session.Signs = choice % 3 == 1;
        session.EncryptsAll = choice % 3 == 2;
    }

    public ValueTask DisposeAsync() => _fabric.DisposeAsync();
}
