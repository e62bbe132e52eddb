namespace Smb3.Embedded;

/// <summary>What a user or a group may do on a share, whatever the permissions of individual files allow.</summary>
public enum SmbShareAccess
{
    /// <summary>Nothing: the share is closed to them.</summary>
    None,

    /// <summary>Read and execute.</summary>
    Read,

    /// <summary>Read, write, create and delete.</summary>
    Change,

    /// <summary>Everything, including changes of permissions and owners.</summary>
    Full,
}
