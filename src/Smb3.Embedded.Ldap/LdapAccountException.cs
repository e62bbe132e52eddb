namespace Smb3.Embedded.Ldap;

/// <summary>A directory could not be asked; the message says of each server why.</summary>
public sealed class LdapAccountException : Exception
{
    /// <summary>Creates it.</summary>
    public LdapAccountException()
    {
    }

    /// <summary>Creates it.</summary>
    /// <param name="message">What went wrong.</param>
    public LdapAccountException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">What caused it.</param>
    public LdapAccountException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
