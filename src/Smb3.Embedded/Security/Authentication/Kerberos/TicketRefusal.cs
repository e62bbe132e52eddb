namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Why a ticket was not taken, in words that tell an administrator where to look. Names in it are the client's.</summary>
internal sealed class TicketRefusal(AuthenticationFailure failure, string why) : Exception(why)
{
    public AuthenticationFailure Failure => failure;
}
