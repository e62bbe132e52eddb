namespace Smb3.Embedded.Files;

/// <summary>What the close of an open deletes.</summary>
internal enum DeletionDue
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The name by which the file was opened.</summary>
    Name,

    /// <summary>The stream that is open.</summary>
    Stream,

    /// <summary>The stream that is open, if there is nothing in it.</summary>
    EmptyStream,
}
