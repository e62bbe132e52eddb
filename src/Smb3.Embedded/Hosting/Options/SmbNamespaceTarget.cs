namespace Smb3.Embedded;

/// <summary>Where the files behind a link, or behind a namespace, are.</summary>
public sealed class SmbNamespaceTarget
{
    /// <summary><c>\\server\share</c>, or a folder below; slashes may stand for backslashes. Clients connect to port 445 of the server.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Clients try targets of a better class first. Default <see cref="SmbReferralPriorityClass.SiteCostNormal"/>.</summary>
    public SmbReferralPriorityClass PriorityClass { get; set; } = SmbReferralPriorityClass.SiteCostNormal;

    /// <summary>
    /// The place among the targets of its class, 0 to 31; clients try the least first, and those of one rank in an order that is different
    /// each time. Default 0.
    /// </summary>
    public int PriorityRank { get; set; }

    /// <summary>Whether clients are sent there. Default yes.</summary>
    public bool IsOnline { get; set; } = true;

    internal SmbNamespaceTarget Clone() => new()
    {
        Path = Path,
        PriorityClass = PriorityClass,
        PriorityRank = PriorityRank,
        IsOnline = IsOnline,
    };
}
