using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// One request as a test wants it sent. What is left <see langword="null"/> is done as a correct client does it; what is set is sent so,
/// however wrong it is.
/// </summary>
internal sealed record SmbTestRequest
{
    public required Smb2Command Command { get; init; }

    public byte[] Body { get; init; } = RequestBody.Empty();

    /// <summary>Whose id and keys are used.</summary>
    public SmbTestSession? Session { get; init; }

    public uint TreeId { get; init; }

    public Smb2HeaderFlags Flags { get; init; }

    /// <summary>Null: the connection's next.</summary>
    public ulong? MessageId { get; init; }

    /// <summary>Null: the session's, or 0.</summary>
    public ulong? SessionId { get; init; }

    /// <summary>With <see cref="Smb2HeaderFlags.Async"/>: what a CANCEL is for.</summary>
    public ulong AsyncId { get; init; }

    /// <summary>Bytes that are sent or asked for, which decide on the credit charge.</summary>
    public long Payload { get; init; }

    /// <summary>Null: as <see cref="Payload"/> says.</summary>
    public ushort? CreditCharge { get; init; }

    /// <summary>Null: the connection's habit.</summary>
    public ushort? CreditsWanted { get; init; }

    public ushort ChannelSequence { get; init; }

    /// <summary>Null: the real distance. Used as it is in the last request of a compound too.</summary>
    public uint? NextCommand { get; init; }

    /// <summary>Null: when the session signs and the frame is not encrypted.</summary>
    public bool? Sign { get; init; }

    /// <summary>Changes the message, header included, before it is signed.</summary>
    public Action<byte[]>? BeforeSigning { get; init; }

    /// <summary>Changes the message behind the back of its signature.</summary>
    public Action<byte[]>? AfterSigning { get; init; }

    public SmbTestRequest Related() => this with { Flags = Flags | Smb2HeaderFlags.Related };
}

/// <summary>How a whole frame is sent.</summary>
internal sealed record SmbTestFrameOptions
{
    public static readonly SmbTestFrameOptions Default = new();

    /// <summary>Null: when the session, or the tree connect, encrypts.</summary>
    public bool? Encrypt { get; init; }

    /// <summary>The session whose key encrypts; null: the first request's.</summary>
    public SmbTestSession? EncryptAs { get; init; }

    /// <summary>Whether it is compressed.</summary>
    public bool Compress { get; init; }

    /// <summary>The same, where that makes the messages shorter.</summary>
    public bool CompressIfShorter { get; init; }

    /// <summary>Changes the frame as it goes over the wire, without the four bytes in front; may return another one.</summary>
    public Func<byte[], byte[]>? Tamper { get; init; }
}
