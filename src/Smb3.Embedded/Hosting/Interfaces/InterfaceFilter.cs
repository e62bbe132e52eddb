using System.IO.Enumeration;
using System.Net;

namespace Smb3.Embedded.Hosting.Interfaces;

/// <summary>
/// Chooses among interfaces and addresses. Each entry is an interface's name (<c>*</c> and <c>?</c> stand for anything), an address or a
/// network such as <c>192.0.2.0/24</c>; with <c>!</c> in front it excludes.
/// </summary>
internal sealed class InterfaceFilter
{
    private readonly List<Entry> _wanted = [];
    private readonly List<Entry> _unwanted = [];

    /// <param name="entries">What <see cref="TryParse"/> accepts.</param>
    public InterfaceFilter(IEnumerable<string> entries)
    {
        foreach (var text in entries)
        {
            if (TryParse(text, out var entry, out var unwanted))
            {
                (unwanted ? _unwanted : _wanted).Add(entry);
            }
        }
    }

    public static bool IsValid(string text) => TryParse(text, out _, out _);

    /// <summary>Whether an address is offered.</summary>
    public bool Takes(NetworkLink link, IPAddress address) =>
        !_unwanted.Exists(entry => entry.Matches(link.Name, address))
        && (_wanted.Count == 0 ? !link.IsInternal : _wanted.Exists(entry => entry.Matches(link.Name, address)));

    private static bool TryParse(string text, out Entry entry, out bool unwanted)
    {
        var body = text.Trim();
        unwanted = body.StartsWith('!');
        body = unwanted ? body[1..].Trim() : body;
        entry = default;
        if (IPNetwork.TryParse(body, out var network))
        {
            entry = new Entry(null, network);
        }
        else if (IPAddress.TryParse(body, out var address) && body.AsSpan().ContainsAny('.', ':'))
        {
            entry = new Entry(null, new IPNetwork(address, address.GetAddressBytes().Length * 8));
        }
        else if (body.Length > 0 && !body.AsSpan().ContainsAny('/', ',', '!'))
        {
            entry = new Entry(body, default);
        }
        else
        {
            return false;
        }

        return true;
    }

    private readonly record struct Entry(string? Name, IPNetwork Network)
    {
        public bool Matches(string name, IPAddress address) =>
            Name is null ? Network.Contains(address) : FileSystemName.MatchesSimpleExpression(Name, name);
    }
}
