namespace Smb3.Embedded.Sqlite;

/// <summary>Why a state file cannot be used.</summary>
public enum SqliteStateProblem
{
    /// <summary>Something else, which the message tells.</summary>
    Other,

    /// <summary>Another program kept it locked for longer than <see cref="SqliteStateStore.LockTimeout"/>.</summary>
    Locked,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>Its content is damaged.</summary>
    Damaged,

    /// <summary>It is something else than a state file.</summary>
    NotAStateFile,

    /// <summary>A newer version of the library made it.</summary>
    TooNew,

    /// <summary>It, or its folder, may not be written.</summary>
    ReadOnly,

    /// <summary>Its folder does not exist, or it was removed while it was used.</summary>
    Missing,
}
