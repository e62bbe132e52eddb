using System.Text.Json.Serialization;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Cases;

/// <summary>One thing that happens in a case. It says all that is needed to do it again, whatever else of the case is left out.</summary>
[JsonDerivedType(typeof(ConnectStep), "connect")]
[JsonDerivedType(typeof(LogOnStep), "logon")]
[JsonDerivedType(typeof(FrameStep), "frame")]
[JsonDerivedType(typeof(BytesStep), "bytes")]
[JsonDerivedType(typeof(CloseStep), "close")]
[JsonDerivedType(typeof(WaitStep), "wait")]
internal abstract record Step;

/// <summary>A client connects, and says nothing yet.</summary>
internal sealed record ConnectStep(int Client) : Step;

/// <summary>A client goes.</summary>
internal sealed record CloseStep(int Client) : Step;

/// <summary>Time passes for the server.</summary>
internal sealed record WaitStep(int Milliseconds) : Step;

/// <summary>Bytes as they are, with their length in front or what is said to be it.</summary>
internal sealed record BytesStep(int Client, byte[] Bytes) : Step
{
    public uint? Length { get; init; }
}

/// <summary>A whole authentication: every token of it, some of them changed.</summary>
internal sealed record LogOnStep(int Client, int Number, string User) : Step
{
    public bool WrongPassword { get; init; }

    /// <summary>Without SPNEGO.</summary>
    public bool Raw { get; init; }

    public bool WithoutMic { get; init; }

    /// <summary>The logon whose session is bound to this connection; 0: a session of its own.</summary>
    public int BindTo { get; init; }

    /// <summary>The logon whose session authenticates again; 0: none.</summary>
    public int Again { get; init; }

    /// <summary>The logon whose session is said to be the one before; 0: none.</summary>
    public int Previous { get; init; }

    /// <summary>Which token of the exchange is changed; −1: none.</summary>
    public int Broken { get; init; } = -1;

    public Edit[] Edits { get; init; } = [];

    /// <summary>The length that the changed token is cut to; −1: it is not.</summary>
    public int Cut { get; init; } = -1;

    /// <summary>Stops behind so many tokens.</summary>
    public int StopAfter { get; init; } = int.MaxValue;
}

/// <summary>How a frame is protected.</summary>
internal enum Protection
{
    /// <summary>As a client does it: what the session wants.</summary>
    Usual,
    Plain,
    Signed,
    Sealed,
}

/// <summary>A request or a compound.</summary>
internal sealed record FrameStep(int Client, Message[] Messages) : Step
{
    public Protection Protection { get; init; }

    /// <summary>Changes of the frame as it goes over the wire.</summary>
    public Edit[] Edits { get; init; } = [];

    /// <summary>The length that the frame is cut to; −1: it is not.</summary>
    public int Cut { get; init; } = -1;

    /// <summary>Wrapped in a COMPRESSION_TRANSFORM_HEADER, unchained (1) or chained (2).</summary>
    public int Compressed { get; init; }
}

/// <summary>One request of a frame.</summary>
internal sealed record Message(int Number, Smb2Command Command, byte[] Body)
{
    /// <summary>The logon whose session it is of; 0: none.</summary>
    public int Session { get; init; }

    /// <summary>The TREE_CONNECT whose tree it is of; 0: none.</summary>
    public int Tree { get; init; }

    public Smb2HeaderFlags Flags { get; init; }

    public ushort CreditsWanted { get; init; } = 32;

    /// <summary>Null: what the payload costs.</summary>
    public ushort? Charge { get; init; }

    /// <summary>Bytes that are sent or asked for.</summary>
    public int Payload { get; init; }

    public ushort ChannelSequence { get; init; }

    public uint? NextCommand { get; init; }

    /// <summary>The message that a CANCEL is for, or whose message id is used again.</summary>
    public int Target { get; init; }

    /// <summary>Whether a CANCEL names the asynchronous id.</summary>
    public bool ByAsyncId { get; init; }

    /// <summary>Where the body has values that only the server knows.</summary>
    public Reference[] References { get; init; } = [];

    /// <summary>Changes of the message, header included, before it is signed.</summary>
    public Edit[] Edits { get; init; } = [];

    /// <summary>Whether the signature does not fit.</summary>
    public bool BadSignature { get; init; }

    /// <summary>Whether the body is as its generator made it, for the table of what succeeds.</summary>
    public bool AsBuilt { get; init; } = true;

    /// <summary>What a CREATE opens, for those who choose what comes next; a case that is replayed does not need it.</summary>
    [JsonIgnore]
    public OpenNote? Note { get; init; }

    /// <summary>The message whose open a related request goes on with, for the same.</summary>
    [JsonIgnore]
    public int RelatedTo { get; init; }
}

/// <summary>What the maker of a CREATE knows of it.</summary>
internal sealed record OpenNote(string Name)
{
    public Guid LeaseKey { get; init; }

    public Guid CreateGuid { get; init; }

    public bool Durable { get; init; }

    public bool Apple { get; init; }
}

/// <summary>What a later request needs of an earlier response.</summary>
internal enum ReferenceKind
{
    /// <summary>The 16 bytes of a file id.</summary>
    File,

    /// <summary>The 24 bytes of FSCTL_SRV_REQUEST_RESUME_KEY.</summary>
    ResumeKey,

    /// <summary>The 512 bytes of FSCTL_OFFLOAD_READ.</summary>
    Token,

    /// <summary>The 20 bytes of a context handle of DCE/RPC.</summary>
    PolicyHandle,
}

/// <summary>The value that the response to message <paramref name="Of"/> had stands at this place of the body.</summary>
internal readonly record struct Reference(ReferenceKind Kind, int Of, int At);

/// <summary>Bytes that are written over others.</summary>
internal readonly record struct Edit(int At, byte[] Bytes);
