using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>
/// Announces a server over mDNS on all its links, under the same names everywhere: where another host has one of them, it gets a number.
/// Not safe for concurrent use: whoever has it gives it one thing after the other.
/// </summary>
internal sealed class MdnsResponder(Random random, Action<string, string> renamed) : IResponder
{
    /// <summary>The port of mDNS.</summary>
    public const int Port = 5353;

    private readonly Dictionary<(int Link, AddressFamily Family), (Link Link, MdnsLink Responder, IDatagramSender Sender)> _links = [];
    private readonly ConflictPace _pace = new();
    private readonly SentMessages _sent = new();
    private Announcement? _wanted;
    private Announcement? _told;
    private int _instanceNumber = 1;
    private int _hostNumber = 1;

    /// <summary>Gives the sender for a link and a version of IP; null: there is none now.</summary>
    public required Func<Link, AddressFamily, IDatagramSender?> Open { get; init; }

    public TimeSpan? Due => _links.Values.Min(static one => one.Responder.Due);

    /// <summary>Whether every link knows it.</summary>
    public bool IsSettled => _links.Values.All(static one => one.Responder.IsSettled);

    /// <summary>What is announced now, with the numbers that the names have got.</summary>
    public Announcement? Told => _told;

    public void Update(Announcement server, IReadOnlyList<Link> links, TimeSpan now)
    {
        if (_wanted is { } wanted && (wanted.Instance != server.Instance || wanted.Host != server.Host))
        {
            (_instanceNumber, _hostNumber) = (1, 1);
        }

        var isChanged = _wanted?.IsLike(server) is not true;
        _wanted = server;
        _told = Number(server);
        foreach (var (key, (_, responder, sender)) in _links.ToArray())
        {
            if (!links.Any(one => one.Index == key.Link && one.Has(key.Family)))
            {
                responder.End();
                sender.Dispose();
                _links.Remove(key);
            }
        }

        foreach (var link in links)
        {
            foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
            {
                var key = (link.Index, family);
                if (!link.Has(family) || (_links.TryGetValue(key, out var known) && !isChanged && known.Link.IsLike(link)))
                {
                    continue;
                }

                if (known.Responder is null)
                {
                    if (Open(link, family) is not { } sender)
                    {
                        continue;
                    }

                    known.Sender = new RememberingSender(sender, _sent);
                    known.Responder = new MdnsLink(known.Sender, random, (name, isLost, at) => Resolve(key, name, isLost, at));
                }

                _links[key] = (link, known.Responder, known.Sender);
                known.Responder.Set(ServiceRecords.Create(_told, link), areNamesLost: false, TimeSpan.Zero, now);
            }
        }
    }

    public void Receive(int link, ReadOnlySpan<byte> message, IPEndPoint source, bool isToAll, TimeSpan now)
    {
        if (!_links.TryGetValue((link, source.AddressFamily), out var one) || _sent.Contains(message))
        {
            return;
        }

        // What was sent to all of the link, no router lets through; who sends to this host alone must be on the link (RFC 6762 11).
        var isOnLink = one.Link.IsOnLink(source.Address);
        if (isToAll || isOnLink)
        {
            var isOwn = one.Link.Networks.Any(network => network.Address.Equals(source.Address));
            one.Responder.Receive(message, source, isOnLink, isOwn, now);
        }
    }

    public void Advance(TimeSpan now)
    {
        foreach (var (_, responder, _) in _links.Values.ToArray())
        {
            responder.Advance(now);
        }
    }

    public void End()
    {
        foreach (var (_, responder, sender) in _links.Values)
        {
            responder.End();
            sender.Dispose();
        }

        _links.Clear();
        (_wanted, _told) = (null, null);
    }

    private TimeSpan Resolve((int Link, AddressFamily Family) where, DnsName name, bool isLost, TimeSpan now)
    {
        var wait = _pace.Note(now);
        if (!isLost || _wanted is null || _told is null)
        {
            return wait;
        }

        var isHost = name.Equals(ServiceRecords.HostName(_told.Host));
        var former = isHost ? _told.Host : _told.Instance;
        _ = isHost ? _hostNumber++ : _instanceNumber++;
        _told = Number(_wanted);
        renamed(former, isHost ? _told.Host : _told.Instance);
        foreach (var (key, (link, responder, _)) in _links)
        {
            responder.Set(ServiceRecords.Create(_told, link), areNamesLost: key == where, wait, now);
        }

        return wait;
    }

    /// <summary>The names with their numbers, as RFC 6762 9 and appendix D suggest them.</summary>
    private Announcement Number(Announcement server) => server with
    {
        Instance = Numbered(server.Instance, _instanceNumber, " (", ")"),
        Host = Numbered(server.Host, _hostNumber, "-", string.Empty),
    };

    private static string Numbered(string name, int number, string before, string after)
    {
        var suffix = number == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"{before}{number}{after}");
        while (Encoding.UTF8.GetByteCount(name) + suffix.Length > DnsName.MaxLabel)
        {
            name = name[..^(name.Length > 1 && char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        }

        return name + suffix;
    }

    private sealed class RememberingSender(IDatagramSender sender, SentMessages sent) : IDatagramSender
    {
        public void Send(ReadOnlySpan<byte> message)
        {
            sent.Add(message);
            sender.Send(message);
        }

        public void Send(ReadOnlySpan<byte> message, IPEndPoint to) => sender.Send(message, to);

        public void Dispose() => sender.Dispose();
    }
}
