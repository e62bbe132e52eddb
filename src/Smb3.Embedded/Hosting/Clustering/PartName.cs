using System.Security.Cryptography;
using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>Who has split a share.</summary>
internal enum PartOrigin
{
    /// <summary>The host, which joins the part again if it likes.</summary>
    Host,

    /// <summary>The balancer, which joins it again when nobody uses it.</summary>
    Balancer,
}

/// <summary>
/// The names of parts: that of the share, a mark of who has made the part, which all nodes so know, and what tells the parts of a share apart.
/// </summary>
internal static class PartName
{
    private const char Separator = '$';
    private const string OfBalancer = "auto-"; // has a character that no number has
    private const int NumberLength = 8;
    private const string NumberCharacters = "abcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>A short name that no share has.</summary>
    public static string New(string share, PartOrigin origin)
    {
        var mark = (origin == PartOrigin.Balancer ? OfBalancer : string.Empty) + RandomNumberGenerator.GetString(NumberCharacters, NumberLength);
        var longest = ClusterLimits.MaxShareLength - mark.Length - 1;
        return $"{(share.Length > longest ? share[..longest] : share)}{Separator}{mark}";
    }

    /// <summary>Who has made a part.</summary>
    public static PartOrigin OriginOf(string part) =>
        part.AsSpan(part.LastIndexOf(Separator) + 1).StartsWith(OfBalancer, StringComparison.OrdinalIgnoreCase) ? PartOrigin.Balancer : PartOrigin.Host;
}
