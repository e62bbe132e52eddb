using Smb3.Embedded.Fuzzing.Cases;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>A request that was sent and must be answered.</summary>
internal sealed class Call(Message message, ulong messageId)
{
    private const int LongestFixedPart = 88;

    public Message Message { get; } = message;

    public ulong MessageId { get; } = messageId;

    /// <summary>The body as the server may have seen it: what was cut off is followed by the padding of a compound.</summary>
    public byte[] Asked { get; } = message.Body.Length >= LongestFixedPart ? message.Body : [.. message.Body, .. new byte[LongestFixedPart]];

    /// <summary>The session that it was sent for, as it was then.</summary>
    public FuzzSession? Session { get; init; }

    public bool IsSealed { get; init; }

    /// <summary>Whether it carried a signature that was right.</summary>
    public bool IsSigned { get; init; }

    /// <summary>Set by the interim response.</summary>
    public ulong AsyncId { get; set; }

    /// <summary>Whether nobody waits for it before the round ends.</summary>
    public bool IsPatient { get; set; }

    public override string ToString() => $"{Message.Command} #{Message.Number} (message id {MessageId}, async id {AsyncId:x})";
}
