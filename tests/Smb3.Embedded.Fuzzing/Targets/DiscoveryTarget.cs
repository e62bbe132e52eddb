using System.Net;
using System.Net.Sockets;
using System.Text;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.Mdns;
using Smb3.Embedded.Discovery.WebServices;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>What arrives at a server that lets itself be found: messages of mDNS, to a responder that probes and one that has its names, and of SOAP.</summary>
internal static class DiscoveryTarget
{
    private static readonly IPEndPoint Source = new(IPAddress.Parse("192.0.2.9"), MdnsResponder.Port);
    private static readonly IPEndPoint Legacy = new(IPAddress.Parse("192.0.2.9"), 40000);
    private static readonly Link Link = new(2, "eth0", [(IPAddress.Parse("192.0.2.1"), 24)], 445, [IPAddress.Parse("192.0.2.1")]);
    private static readonly DnsName Host = DnsName.Of("FILES", "local"), Type = DnsName.Of("_smb", "_tcp", "local");
    private static readonly DnsName Instance = DnsName.Of("FILES").In(Type);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);

    public static void Mdns(ReadOnlySpan<byte> input)
    {
        var responder = new MdnsResponder(new Random(1), (_, _) => { }) { Open = (_, family) => family == AddressFamily.InterNetwork ? new Nowhere() : null };
        responder.Update(new Announcement("FILES", "FILES", "Xserve", ["Backup"]), [Link], TimeSpan.Zero);
        responder.Receive(2, input, Source, isToAll: true, TimeSpan.Zero);
        responder.Advance(Settled);
        for (var i = 0; i < 10 && responder.Due is { } due; i++)
        {
            responder.Advance(due);
        }

        var now = Settled + Settled;
        responder.Receive(2, input, Source, isToAll: true, now);
        responder.Receive(2, input, Legacy, isToAll: false, now);
        responder.Advance(now + Settled);
    }

    public static void Soap(ReadOnlySpan<byte> input) => SoapRequest.Parse(input);

    public static IEnumerable<byte[]> MdnsSeeds()
    {
        var writer = new DnsWriter();
        DnsRecord[] records =
        [
            DnsRecord.Pointer(Type, Instance), DnsRecord.Service(Instance, 1, DnsName.Of("other", "local")), DnsRecord.Text(Instance, "a=b"),
            DnsRecord.Address(Host, IPAddress.Parse("192.0.2.9")), DnsRecord.NoOthers(Host, [DnsType.A], 120),
        ];
        foreach (var (isResponse, section) in new[] { (false, DnsSection.Answer), (false, DnsSection.Authority), (true, DnsSection.Answer) })
        {
            writer.Begin(0, isResponse);
            if (!isResponse)
            {
                writer.Probe(Host);
                writer.Ask(Type.Wire, DnsType.Ptr, 0x8001);
                writer.Ask(Host.Wire, DnsType.Aaaa, 1);
            }

            foreach (var record in records)
            {
                writer.TryAdd(record, section, record.TimeToLive, flush: isResponse);
            }

            yield return writer.Message.ToArray();
        }
    }

    public static IEnumerable<byte[]> SoapSeeds()
    {
        var messages = new SoapMessages(new PublishedComputer(Guid.Empty, "FILES", "Files", "WORKGROUP", 5357), started: 1);
        yield return messages.Hello(Link, AddressFamily.InterNetwork);
        yield return messages.ResolveMatches(Link, AddressFamily.InterNetwork, "urn:uuid:1");
        yield return messages.Description("urn:uuid:1");
        yield return Encoding.UTF8.GetBytes(
            $"<s:Envelope xmlns:s='{SoapNames.Soap}' xmlns:a='{SoapNames.Addressing}' xmlns:d='{SoapNames.Discovery}' xmlns:p='{SoapNames.Devices}'><s:Header>"
            + $"<a:Action>{SoapNames.Probe}</a:Action><a:MessageID>urn:uuid:1</a:MessageID></s:Header><s:Body><d:Probe><d:Types>p:Device</d:Types></d:Probe></s:Body></s:Envelope>");
    }

    private sealed class Nowhere : IDatagramSender
    {
        public void Send(ReadOnlySpan<byte> message)
        {
        }

        public void Send(ReadOnlySpan<byte> message, IPEndPoint to)
        {
        }

        public void Dispose()
        {
        }
    }
}
