namespace Smb3.Embedded.Cluster;

/// <summary>A node and its cluster are of versions that cannot work together.</summary>
public sealed class ClusterLevelException : InvalidOperationException
{
    /// <summary>Makes the exception with a general message.</summary>
    public ClusterLevelException()
        : this("The functional level of the cluster does not permit it.")
    {
    }

    /// <summary>Makes the exception with a message.</summary>
    public ClusterLevelException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message and its cause.</summary>
    public ClusterLevelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
