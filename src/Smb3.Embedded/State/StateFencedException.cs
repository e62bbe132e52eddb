namespace Smb3.Embedded.State;

/// <summary>
/// A batch was refused because its scope was taken over by another holder: whoever sent it must stop serving what the scope stands for.
/// </summary>
public sealed class StateFencedException : IOException
{
    /// <summary>Makes the exception with a general message.</summary>
    public StateFencedException()
        : this("The state was taken over by another server.")
    {
    }

    /// <summary>Makes the exception with a message.</summary>
    public StateFencedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message and its cause.</summary>
    public StateFencedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
