namespace Smb3.Embedded.Pipes.Witness;

/// <summary>What the operations of the witness service return (MS-ERREF 2.2).</summary>
internal enum WitnessStatus : uint
{
    /// <summary>ERROR_SUCCESS.</summary>
    Success = 0,

    /// <summary>ERROR_INVALID_PARAMETER.</summary>
    InvalidParameter = 0x57,

    /// <summary>ERROR_NO_MORE_ITEMS.</summary>
    NoMoreItems = 0x103,

    /// <summary>ERROR_NOT_FOUND.</summary>
    NotFound = 0x490,

    /// <summary>ERROR_REVISION_MISMATCH.</summary>
    RevisionMismatch = 0x51A,

    /// <summary>ERROR_NO_SYSTEM_RESOURCES.</summary>
    NoSystemResources = 0x5AA,

    /// <summary>ERROR_TIMEOUT.</summary>
    Timeout = 0x5B4,

    /// <summary>ERROR_INVALID_STATE.</summary>
    InvalidState = 0x139F,
}
