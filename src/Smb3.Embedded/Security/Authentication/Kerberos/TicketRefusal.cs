namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Why a ticket was not taken, in words that tell an administrator where to look. Names in it are the client's.</summary>
internal sealed class TicketRefusal(AuthenticationFailure failure, string why) : Exception(why)
{
    public AuthenticationFailure Failure => failure;

    /// <summary>The service that the ticket is for; null when it cannot be read.</summary>
    public string? Service { get; set; }

    /// <summary>Whose it is, as far as it could be read; null: not so far.</summary>
    public SmbIdentity? Claimed { get; set; }
}
