using System.IO.Enumeration;
using System.Net;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>Chooses interfaces by their names (<c>*</c> and <c>?</c> stand for anything), addresses and networks; <c>!</c> in front leaves out.</summary>
internal sealed class LinkFilter(IEnumerable<string> entries)
{
    private readonly string[] _wanted = [.. entries.Select(static entry => entry.Trim()).Where(static entry => !entry.StartsWith('!'))];
    private readonly string[] _unwanted =
        [.. entries.Select(static entry => entry.Trim()).Where(static entry => entry.StartsWith('!')).Select(static entry => entry[1..].Trim())];

    /// <summary>Whether interfaces are named, so that no others are taken.</summary>
    public bool NamesSome => _wanted.Length > 0;

    public bool Takes(string name, IEnumerable<IPAddress> addresses) =>
        !_unwanted.Any(entry => Matches(entry, name, addresses)) && (!NamesSome || _wanted.Any(entry => Matches(entry, name, addresses)));

    private static bool Matches(string entry, string name, IEnumerable<IPAddress> addresses) =>
        IPNetwork.TryParse(entry, out var network) ? addresses.Any(network.Contains)
        : IPAddress.TryParse(entry, out var address) ? addresses.Contains(address)
        : FileSystemName.MatchesSimpleExpression(entry, name);
}
