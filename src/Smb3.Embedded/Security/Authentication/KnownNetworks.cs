using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// The networks that a name has logged on from. Only the right password adds one, and each name has room of its own, so that nobody
/// can have another's networks forgotten, except with many accounts. Not safe for concurrent use.
/// </summary>
/// <param name="capacity">How many names are remembered; the one that logged on longest ago is forgotten first.</param>
internal sealed class KnownNetworks(int capacity)
{
    private const int MaxPerName = 16;

    private readonly Dictionary<string, Entry> _names = [];
    private readonly LinkedList<Entry> _byLastLogon = new();
    private readonly Dictionary<ClientNetwork, int> _uses = [];

    /// <param name="name">The user, in upper case.</param>
    /// <param name="domain">The domain as the client named it: users of one name in two domains are told apart.</param>
    /// <param name="network">The network.</param>
    public bool Has(string name, string domain, ClientNetwork network) =>
        _uses.ContainsKey(network) && _names.TryGetValue(name, out var entry) && entry.IndexOf(domain, network) >= 0;

    /// <summary>Whether anybody has logged on from the network.</summary>
    public bool HasAny(ClientNetwork network) => _uses.ContainsKey(network);

    public void Add(string name, string domain, ClientNetwork network)
    {
        if (_names.TryGetValue(name, out var entry))
        {
            _byLastLogon.Remove(entry.Node);
        }
        else
        {
            if (_names.Count >= Math.Max(capacity, 1) && _byLastLogon.First is { } oldest)
            {
                Forget(oldest.Value);
            }

            entry = new Entry(name);
            _names.Add(name, entry);
        }

        _byLastLogon.AddLast(entry.Node);
        if (entry.IndexOf(domain, network) is >= 0 and var known)
        {
            entry.Places.RemoveAt(known);
        }
        else
        {
            _uses[network] = _uses.GetValueOrDefault(network) + 1;
        }

        entry.Places.Add((domain, network));
        if (entry.Places.Count > MaxPerName)
        {
            Release(entry.Places[0].Network);
            entry.Places.RemoveAt(0);
        }
    }

    private void Forget(Entry entry)
    {
        _byLastLogon.Remove(entry.Node);
        _names.Remove(entry.Name);
        entry.Places.ForEach(place => Release(place.Network));
    }

    private void Release(ClientNetwork network)
    {
        if (--_uses[network] == 0)
        {
            _uses.Remove(network);
        }
    }

    private sealed class Entry
    {
        public Entry(string name)
        {
            Name = name;
            Node = new LinkedListNode<Entry>(this);
        }

        public string Name { get; }

        public LinkedListNode<Entry> Node { get; }

        /// <summary>The least recently used one first.</summary>
        public List<(string Domain, ClientNetwork Network)> Places { get; } = new(1);

        public int IndexOf(string domain, ClientNetwork network) => Places.FindIndex(
            place => place.Network == network && place.Domain.Equals(domain, StringComparison.OrdinalIgnoreCase));
    }
}
