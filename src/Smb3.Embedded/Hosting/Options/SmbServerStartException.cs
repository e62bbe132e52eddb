namespace Smb3.Embedded;

/// <summary>
/// Something outside the server keeps it from starting, or a share from being added: a port in use, a folder that is missing or cannot be
/// read. The message names it and says what to do.
/// </summary>
public sealed class SmbServerStartException : Exception
{
    /// <summary>Creates an exception with a general message.</summary>
    public SmbServerStartException()
        : this("The server cannot start.")
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public SmbServerStartException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with its cause.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public SmbServerStartException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
