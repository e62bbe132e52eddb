using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>One response in a frame that is not sent yet.</summary>
/// <param name="Start">Where it begins, counted over all messages of the frame.</param>
/// <param name="Signer">Who signs it; <see langword="null"/>: nobody.</param>
/// <param name="Preauth">The transcript that it belongs to, as it is sent.</param>
internal readonly record struct OutgoingMessage(int Start, MessageSigner? Signer, PreauthTranscript? Preauth);
