namespace Smb3.Embedded;

/// <summary>What a user or a group may do on a share, whatever single files say.</summary>
public enum SmbShareAccess
{
    /// <summary>Nothing: the share is closed to them.</summary>
    None,

    /// <summary>Read and execute.</summary>
    Read,

    /// <summary>Read, write, create and delete.</summary>
    Change,

    /// <summary>Everything, changing permissions and owners too.</summary>
    Full,
}
