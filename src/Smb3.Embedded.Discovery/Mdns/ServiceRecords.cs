using System.Globalization;
using System.Text;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>The records of a server: DNS-SD (RFC 6763) as Finder, Avahi and Time Machine read it.</summary>
internal static class ServiceRecords
{
    /// <summary>The most bytes of shares for Time Machine that are told: with the other records they fit into one datagram.</summary>
    public const int MaxTimeMachine = 900;

    /// <summary>A service that is only there to carry its text is at the port of nothing.</summary>
    private const int Discard = 9;

    private static readonly DnsName Local = DnsName.Of("local");
    private static readonly DnsName Types = DnsName.Of("_services", "_dns-sd", "_udp").In(Local);
    private static readonly DnsName Smb = DnsName.Of("_smb", "_tcp").In(Local);
    private static readonly DnsName Disks = DnsName.Of("_adisk", "_tcp").In(Local);
    private static readonly DnsName Device = DnsName.Of("_device-info", "_tcp").In(Local);

    /// <summary>The name of the host.</summary>
    public static DnsName HostName(string host) => DnsName.Of(host).In(Local);

    public static List<DnsRecord> Create(Announcement server, Link link)
    {
        var host = HostName(server.Host);
        var records = new List<DnsRecord>();
        Add(Smb, link.Port);
        if (server.TimeMachine.Count > 0)
        {
            Add(Disks, Discard, [DiskOfServer, .. server.TimeMachine.Select(DiskOfShare)]);
        }

        if (server.Model.Length > 0)
        {
            Add(Device, Discard, "model=" + server.Model);
        }

        records.AddRange(link.Told().Select(address => DnsRecord.Address(host, address)));
        return records;

        void Add(DnsName type, int port, params IEnumerable<string> text)
        {
            var instance = DnsName.Of(server.Instance).In(type);
            records.Add(DnsRecord.Pointer(Types, type));
            records.Add(DnsRecord.Pointer(type, instance));
            records.Add(DnsRecord.Service(instance, port, host));
            records.Add(DnsRecord.Text(instance, text));
        }
    }

    /// <summary>The shares that can be told, of all that there are; further ones do not fit.</summary>
    public static IReadOnlyList<string> Fitting(IEnumerable<string> shares)
    {
        var room = MaxTimeMachine;
        return [.. shares.Where(CanBeTold).TakeWhile((share, number) => (room -= SizeOf(share, number)) >= 0)];
    }

    /// <summary>A comma would end the name, and a string has at most 255 bytes.</summary>
    private static bool CanBeTold(string share) => !share.Contains(',', StringComparison.Ordinal) && SizeOf(share, 999) <= byte.MaxValue;

    private static int SizeOf(string share, int number) => 1 + Encoding.UTF8.GetByteCount(DiskOfShare(share, number));

    /// <summary>Time Machine looks for volumes without a MAC address, of which some can be backed up to over SMB.</summary>
    private const string DiskOfServer = "sys=waMa=0,adVF=0x100";

    /// <summary>0x82: it is reached over SMB, and takes backups.</summary>
    private static string DiskOfShare(string share, int number) => string.Create(CultureInfo.InvariantCulture, $"dk{number}=adVN={share},adVF=0x82");
}
