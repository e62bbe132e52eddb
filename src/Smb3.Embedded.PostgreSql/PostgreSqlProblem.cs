namespace Smb3.Embedded.PostgreSql;

/// <summary>Why a database could not do what was asked for.</summary>
public enum PostgreSqlProblem
{
    /// <summary>Something else, which the message tells.</summary>
    Other,

    /// <summary>Nobody answers there, or the connection was lost, and trying again for as long as permitted did not help.</summary>
    CannotConnect,

    /// <summary>It did not answer in time.</summary>
    TimedOut,

    /// <summary>It does not accept the user or the password, or has no such database.</summary>
    Refused,

    /// <summary>The user may not do it.</summary>
    Permission,

    /// <summary>A newer version of the library made the schema.</summary>
    TooNew,

    /// <summary>It does not write: a standby, or its disk is full.</summary>
    ReadOnly,

    /// <summary>It is not the one that was used before, or an earlier state of it: another server, or a primary that was replaced.</summary>
    SteppedBack,
}
