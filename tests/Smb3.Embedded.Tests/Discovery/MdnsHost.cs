using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.Mdns;

namespace Smb3.Embedded.Tests.Discovery;

/// <summary>A responder on a link that a test sees and writes to, with a clock that the test sets.</summary>
internal sealed class MdnsHost
{
    public static readonly IPEndPoint Other = new(IPAddress.Parse("192.0.2.9"), MdnsResponder.Port);
    public static readonly Announcement Files = new("FILES", "FILES", "Xserve", []);

    private readonly List<(byte[] Message, IPEndPoint? To)> _sent = [];
    private readonly Queue<byte[]> _underWay = new();

    public MdnsHost(string address = "192.0.2.1", int port = 445, int seed = 3)
    {
        Link = new Link(2, "eth0", [(IPAddress.Parse(address), 24)], port, [IPAddress.Parse(address)]);
        Responder = new MdnsResponder(new Random(seed), (_, name) => Names.Add(name)) { Open = (_, family) => family == AddressFamily.InterNetwork ? new Sender(this) : null };
    }

    public Link Link { get; }

    public MdnsResponder Responder { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Names that it has taken for another.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Hosts that get what it sends to all.</summary>
    public List<MdnsHost> Neighbours { get; } = [];

    /// <summary>Announces, and waits until all know it.</summary>
    public MdnsHost Settle(Announcement? server = null)
    {
        Responder.Update(server ?? Files, [Link], Now);
        Go(5);
        Take();
        return this;
    }

    /// <summary>Lets time go on, step by step.</summary>
    public void Go(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (Responder.Due is { } due && due <= end)
        {
            Now = due > Now ? due : Now;
            Responder.Advance(Now);
        }

        Now = end;
    }

    /// <summary>Lets its neighbours have what it has sent to all.</summary>
    public void Deliver()
    {
        while (_underWay.TryDequeue(out var message))
        {
            foreach (var neighbour in Neighbours)
            {
                neighbour.Receive(message, new IPEndPoint(Link.Addresses[0], MdnsResponder.Port));
            }
        }
    }

    /// <summary>What it has sent since the last time.</summary>
    public List<(byte[] Message, IPEndPoint? To)> Take()
    {
        var sent = _sent.ToList();
        _sent.Clear();
        return sent;
    }

    public void Receive(byte[] message, IPEndPoint? from = null, bool isToAll = true) => Responder.Receive(2, message, from ?? Other, isToAll, Now);

    /// <summary>Asks, and gives what is answered within a second and a half.</summary>
    public List<Answer> Ask(string name, DnsType type, bool wantsUnicast = false, IPEndPoint? from = null, params IEnumerable<DnsRecord> known)
    {
        Receive(Query(name, type, wantsUnicast, known: known), from);
        Go(1.5);
        return Answers();
    }

    public List<Answer> Answers() => [.. Take().SelectMany(static one => Answer.Read(one.Message, one.To))];

    public static byte[] Query(string name, DnsType type, bool wantsUnicast = false, bool isTruncated = false, params IEnumerable<DnsRecord> known)
    {
        var writer = new DnsWriter();
        writer.Begin(0, isResponse: false);
        if (name.Length > 0)
        {
            writer.Ask(DnsName.Of(name.Split('/')).Wire, type, (ushort)(wantsUnicast ? 0x8001 : 1));
        }

        foreach (var record in known)
        {
            writer.TryAdd(record, DnsSection.Answer, record.TimeToLive, flush: false);
        }

        var message = writer.Message.ToArray();
        message[2] |= isTruncated ? (byte)2 : (byte)0;
        return message;
    }

    /// <summary>A probe of another host for a name.</summary>
    public static byte[] Probe(params DnsRecord[] records)
    {
        var writer = new DnsWriter();
        writer.Begin(0, isResponse: false);
        foreach (var name in records.Select(static record => record.Name).Distinct())
        {
            writer.Probe(name);
        }

        foreach (var record in records)
        {
            writer.TryAdd(record, DnsSection.Authority, record.TimeToLive, flush: false);
        }

        return writer.Message.ToArray();
    }

    private sealed class Sender(MdnsHost host) : IDatagramSender
    {
        public void Send(ReadOnlySpan<byte> message)
        {
            var copy = message.ToArray();
            host._sent.Add((copy, null));
            host._underWay.Enqueue(copy);
        }

        public void Send(ReadOnlySpan<byte> message, IPEndPoint to) => host._sent.Add((message.ToArray(), to));

        public void Dispose()
        {
        }
    }
}

/// <summary>A record of a message that was sent.</summary>
internal sealed record Answer(string Name, DnsType Type, uint TimeToLive, byte[] Data, DnsSection Section, IPEndPoint? To, bool IsResponse)
{
    public static List<Answer> Read(byte[] message, IPEndPoint? to)
    {
        var answers = new List<Answer>();
        DnsReader.TryOpen(message, out var reader);
        var room = new byte[DnsName.MaxSize];
        var data = new byte[9000];
        for (var i = 0; i < reader.Questions; i++)
        {
            reader.TryReadQuestion(room, out _);
        }

        foreach (var (section, count) in new[] { (DnsSection.Answer, reader.Answers), (DnsSection.Authority, reader.Authorities), (DnsSection.Additional, reader.Additionals) })
        {
            for (var i = 0; i < count && reader.TryReadEntry(room, out var entry); i++)
            {
                entry.TryReadData(data, out var length);
                answers.Add(new Answer(Text(room), entry.Type, entry.TimeToLive, data[..length], section, to, reader.IsResponse));
            }
        }

        return answers;
    }

    private static string Text(ReadOnlySpan<byte> wire)
    {
        var labels = new List<string>();
        for (; wire[0] != 0; wire = wire[(1 + wire[0])..])
        {
            labels.Add(System.Text.Encoding.UTF8.GetString(wire.Slice(1, wire[0])));
        }

        return string.Join('/', labels);
    }
}
