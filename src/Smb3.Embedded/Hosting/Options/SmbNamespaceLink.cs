namespace Smb3.Embedded;

/// <summary>A folder of a namespace whose files are on other shares.</summary>
public sealed class SmbNamespaceLink
{
    /// <summary>
    /// Its place in the namespace, such as <c>docs</c> or <c>teams\one\plans</c>; the folders on the way come into being with it, and no
    /// link can be below another. Slashes may stand for backslashes.
    /// </summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>What it is for, for those who look after the namespace: clients are not told. At most 256 characters.</summary>
    public string Comment { get; set; } = string.Empty;

    /// <summary>Where its files are; all targets must have the same.</summary>
    public IList<SmbNamespaceTarget> Targets { get; } = [];

    /// <summary>How long clients rely on what they were told of it. 1 second to 1 year. Default 30 minutes.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether its targets are namespaces, which clients have to ask in turn. Default no.</summary>
    public bool LeadsToNamespace { get; set; }

    internal SmbNamespaceLink Clone()
    {
        var clone = new SmbNamespaceLink { Path = Path, Comment = Comment, TimeToLive = TimeToLive, LeadsToNamespace = LeadsToNamespace };
        foreach (var target in Targets)
        {
            clone.Targets.Add(target.Clone());
        }

        return clone;
    }
}
