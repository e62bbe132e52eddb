using System.Net.Sockets;
using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>Says what is wrong with a database in the words of whoever runs the server, and whether trying again may help.</summary>
/// <param name="place">Which database it is, without its password.</param>
/// <param name="schema">The schema in it.</param>
internal sealed class Problems(string place, string schema)
{
    /// <summary>What is over when it is tried again: a lost race, or a database that is being started, stopped or replaced.</summary>
    public static bool MayPass(Exception cause) => cause switch
    {
        PostgresException said => said.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.StatementCompletionUnknown
            || IsBetweenPrimaries(said),
        NpgsqlException said => said.IsTransient || said.InnerException is IOException or SocketException or TimeoutException,
        SocketException => true,
        PostgreSqlStoreException said => IsWrongServer(said),
        _ => false,
    };

    /// <summary>
    /// No host of several can be used at the moment: one is gone, and the others are standbys still, or are none that may be used. Npgsql says so with the
    /// causes of all hosts, or with none when it has asked a moment ago.
    /// </summary>
    public static bool IsWithoutPrimary(Exception cause) => cause is NpgsqlException and not PostgresException
        && (cause.InnerException is null || (cause.InnerException is AggregateException all && all.InnerExceptions.Any(MayPass)));

    /// <summary>A server that is not, or no more, the one to use: another one may be found at the next attempt.</summary>
    private static bool IsWrongServer(Exception cause) =>
        cause is PostgreSqlStoreException { Problem: PostgreSqlProblem.SteppedBack or PostgreSqlProblem.ReadOnly };

    /// <summary>The database is going away, coming up, or is no primary any more: connections to it are of no use.</summary>
    public static bool IsBetweenPrimaries(Exception cause) => cause is PostgresException
    {
        SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.ConnectionFailure
            or PostgresErrorCodes.ConnectionException or PostgresErrorCodes.ConnectionDoesNotExist,
    };

    public PostgreSqlStoreException TimedOut(TimeSpan time, Exception? cause) => cause is null or OperationCanceledException
        ? new(
            PostgreSqlProblem.TimedOut,
            $"{place} did not answer within {time.TotalSeconds:0.###} s. Is it overloaded, stopped, or cut off by the network?",
            cause)
        : Explain(cause);

    public PostgreSqlStoreException Explain(Exception cause) => cause switch
    {
        PostgreSqlStoreException known => known,
        { InnerException: AggregateException all } when all.InnerExceptions.FirstOrDefault(IsWrongServer) is { } wrong => Explain(wrong),
        PostgresException said => Explain(said),
        NpgsqlException or SocketException or IOException or TimeoutException => new(
            PostgreSqlProblem.CannotConnect,
            $"{place} cannot be reached ({Innermost(cause)}). Look whether it runs and listens there, and whether the network and pg_hba.conf let this "
            + "server in.",
            cause),
        _ => new(PostgreSqlProblem.Other, $"{place} cannot be used: {cause.Message}", cause),
    };

    public PostgreSqlStoreException Standby(Exception? cause = null) => new(
        PostgreSqlProblem.ReadOnly,
        $"{place} takes no changes: it is a standby, or was made read-only. Name the primary, or all hosts with Target Session Attributes=primary.",
        cause);

    public PostgreSqlStoreException OtherDatabase() => new(
        PostgreSqlProblem.SteppedBack,
        $"A server of {place} is not the one that was used before, nor a replica of it: its system identifier is another. All hosts of a connection string have "
        + "to be replicas of one database. After it was replaced on purpose (pg_upgrade), start the nodes anew.");

    public PostgreSqlStoreException FormerPrimary(long timeline, long seen) => new(
        PostgreSqlProblem.SteppedBack,
        $"A server of {place} was replaced as the primary: it is at timeline {timeline}, and timeline {seen} was seen. It is not used. Stop it, and make it a "
        + "standby of the new one (pg_rewind). After the database was restored on purpose, start the nodes anew.");

    public PostgreSqlStoreException TooNew(int oldest, int known) => new(
        PostgreSqlProblem.TooNew,
        $"The schema '{schema}' of {place} was made by a newer version of the library: it can be used by those that know version {oldest} of it, and this one "
        + $"knows {known}. Use the newer library, or name another schema.");

    private static string Innermost(Exception cause) => cause.GetBaseException().Message;

    private PostgreSqlStoreException Explain(PostgresException said) => said.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => new(
            PostgreSqlProblem.Refused,
            $"{place} does not let the user in ({said.MessageText}). Look at the user and the password in the connection string, and at pg_hba.conf.",
            said),
        PostgresErrorCodes.InvalidCatalogName => new(
            PostgreSqlProblem.Refused, $"{place} does not exist ({said.MessageText}). Have it made with CREATE DATABASE.", said),
        PostgresErrorCodes.InsufficientPrivilege => new(
            PostgreSqlProblem.Permission,
            $"The user may not use or make the schema '{schema}' of {place} ({said.MessageText}). Have an administrator run "
            + $"CREATE SCHEMA {Quote(schema)} AUTHORIZATION the user.",
            said),
        PostgresErrorCodes.ReadOnlySqlTransaction => Standby(said),
        PostgresErrorCodes.DiskFull => new(PostgreSqlProblem.ReadOnly, $"The disk of {place} is full. Make room on it.", said),
        PostgresErrorCodes.TooManyConnections => new(
            PostgreSqlProblem.CannotConnect,
            $"{place} has no connection left ({said.MessageText}). Raise max_connections there, or lower Maximum Pool Size in the connection string.",
            said),
        _ when IsBetweenPrimaries(said) => new(
            PostgreSqlProblem.CannotConnect, $"{place} cannot be reached ({said.MessageText}): it starts, stops or recovers.", said),
        _ => new(PostgreSqlProblem.Other, $"{place} refused a statement ({said.SqlState}: {said.MessageText}).", said),
    };

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
