namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>RFC 4178 4.2.2.</summary>
internal enum NegState : byte
{
    AcceptCompleted = 0,
    AcceptIncomplete = 1,
    Reject = 2,
    RequestMic = 3,
}
