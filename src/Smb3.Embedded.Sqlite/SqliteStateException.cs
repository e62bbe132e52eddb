namespace Smb3.Embedded.Sqlite;

/// <summary>A state file cannot be used. The message names it, and says why and what to do.</summary>
public sealed class SqliteStateException : IOException
{
    /// <summary>Makes the exception with a general message.</summary>
    public SqliteStateException()
        : this("The state file cannot be used.")
    {
    }

    /// <summary>Makes the exception with a message.</summary>
    public SqliteStateException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message and its cause.</summary>
    public SqliteStateException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal SqliteStateException(SqliteStateProblem problem, string message, Exception? innerException = null)
        : base(message, innerException) => Problem = problem;

    /// <summary>What is wrong.</summary>
    public SqliteStateProblem Problem { get; }
}
