namespace Smb3.Embedded.Cluster;

/// <summary>What an <see cref="IClusterStore"/> must take, and what it refuses.</summary>
public static class ClusterLimits
{
    /// <summary>The most characters of the name of a node.</summary>
    public const int MaxNameLength = 63;

    /// <summary>The most characters of the name of a share (MS-SRVS 2.2.4.22 gives 80 to those that all clients see).</summary>
    public const int MaxShareLength = 80;

    /// <summary>The most addresses of a node.</summary>
    public const int MaxAddresses = 64;

    /// <summary>The most characters of the folder of a part.</summary>
    public const int MaxFolderLength = 4096;

    /// <summary>The functional level from which on shares can be split into parts (<see cref="ClusterSettings.Level"/>).</summary>
    public const int PartsLevel = 2;

    /// <summary>The shortest time of a lease.</summary>
    public static TimeSpan MinLeaseTime { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time of a lease.</summary>
    public static TimeSpan MaxLeaseTime { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Checks a node that is to join, and its lease.</summary>
    /// <param name="node">The node.</param>
    /// <param name="leaseTime">How long its lease is valid without being renewed.</param>
    /// <exception cref="ArgumentException">A name or an address is missing, too long or not one, or a number is out of range.</exception>
    public static void Check(ClusterNode node, TimeSpan leaseTime)
    {
        ArgumentNullException.ThrowIfNull(node);
        CheckName(node.Name, MaxNameLength, "The name of a node");
        if (node.Addresses.Count > MaxAddresses)
        {
            throw new ArgumentException($"Node '{node.Name}' has {node.Addresses.Count} addresses; {MaxAddresses} are the most.", nameof(node));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(node.MaxLevel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(leaseTime, MinLeaseTime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaseTime, MaxLeaseTime);
    }

    /// <summary>Checks the name of a share.</summary>
    /// <param name="share">The name.</param>
    /// <exception cref="ArgumentException">It is empty or too long, or has a character that no name has.</exception>
    public static void CheckShare(string share) => CheckName(share, MaxShareLength, "The name of a share");

    /// <summary>Checks a part that is to be made.</summary>
    /// <param name="part">Its name.</param>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="ArgumentException">One of them is empty or too long, or has a character that no name has.</exception>
    public static void CheckPart(string part, string folder)
    {
        CheckShare(part);
        CheckName(folder, MaxFolderLength, "The folder of a part");
    }

    private static void CheckName(string name, int longest, string what)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > longest)
        {
            throw new ArgumentException($"{what} has {name.Length} characters; {longest} are the most.", nameof(name));
        }

        for (var i = 0; i < name.Length; i++)
        {
            // Half a surrogate pair has no UTF-8.
            if (char.IsSurrogatePair(name, i))
            {
                i++;
            }
            else if (char.IsSurrogate(name[i]) || char.IsControl(name[i]))
            {
                throw new ArgumentException($"{what} has a character at {i} that no name has.", nameof(name));
            }
        }
    }
}
