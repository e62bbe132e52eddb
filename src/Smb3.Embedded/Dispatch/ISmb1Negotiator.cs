namespace Smb3.Embedded.Dispatch;

/// <summary>Answers the one SMB1 message that an SMB2 server knows: the multi-protocol NEGOTIATE (MS-SMB2 3.3.5.3).</summary>
internal interface ISmb1Negotiator
{
    /// <summary>
    /// Answers through <paramref name="loop"/>; false when the frame is not such a request, or offers no SMB2, which is then logged.
    /// </summary>
    bool TryAnswer(ReadOnlySpan<byte> frame, ConnectionLoop loop);
}
