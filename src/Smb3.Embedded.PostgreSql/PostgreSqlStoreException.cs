namespace Smb3.Embedded.PostgreSql;

/// <summary>A database could not do what was asked for. The message names it, and says why and what to do.</summary>
public sealed class PostgreSqlStoreException : IOException
{
    /// <summary>Makes the exception with a general message.</summary>
    public PostgreSqlStoreException()
        : this("The database cannot be used.")
    {
    }

    /// <summary>Makes the exception with a message.</summary>
    public PostgreSqlStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message and its cause.</summary>
    public PostgreSqlStoreException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal PostgreSqlStoreException(PostgreSqlProblem problem, string message, Exception? innerException = null)
        : base(message, innerException) => Problem = problem;

    /// <summary>What is wrong.</summary>
    public PostgreSqlProblem Problem { get; }
}
