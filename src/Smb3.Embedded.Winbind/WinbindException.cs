namespace Smb3.Embedded.Winbind;

/// <summary>Winbind could not be asked.</summary>
public sealed class WinbindException : Exception
{
    /// <summary>Creates it.</summary>
    public WinbindException()
    {
    }

    /// <summary>Creates it.</summary>
    /// <param name="message">What went wrong.</param>
    public WinbindException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">What caused it.</param>
    public WinbindException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
