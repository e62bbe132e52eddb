using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>One response in a frame that has not been sent yet.</summary>
/// <param name="Start">Where it begins, counted over all messages of the frame.</param>
/// <param name="Signer">What signs it; <see langword="null"/> when it is not signed.</param>
/// <param name="Preauth">The transcript that it is added to, in the form in which it is sent.</param>
internal readonly record struct OutgoingMessage(int Start, MessageSigner? Signer, PreauthTranscript? Preauth);
