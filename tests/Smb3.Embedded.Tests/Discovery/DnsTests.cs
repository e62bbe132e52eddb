using System.Net;
using Smb3.Embedded.Discovery.Dns;
using Xunit;

namespace Smb3.Embedded.Tests.Discovery;

public sealed class DnsTests
{
    private static readonly DnsName Host = DnsName.Of("files", "local");
    private static readonly DnsName Type = DnsName.Of("_smb", "_tcp", "local");
    private static readonly DnsName Instance = DnsName.Of("My files").In(Type);

    [Fact]
    public void What_is_written_is_read_again()
    {
        DnsRecord[] records =
        [
            DnsRecord.Pointer(Type, Instance), DnsRecord.Service(Instance, 445, Host), DnsRecord.Text(Instance, "a=b", "c"),
            DnsRecord.Address(Host, IPAddress.Parse("192.0.2.1")), DnsRecord.Address(Host, IPAddress.Parse("2001:db8::1")),
            DnsRecord.NoOthers(Host, [DnsType.A, DnsType.Aaaa], 120),
        ];
        var message = Write(records);
        Assert.True(DnsReader.TryOpen(message, out var reader));
        Assert.True(reader is { IsResponse: true, IsPlain: true, Answers: 6, Questions: 0 });
        Span<byte> room = new byte[DnsName.MaxSize];
        Span<byte> data = new byte[1024];
        foreach (var record in records)
        {
            Assert.True(reader.TryReadEntry(room, out var entry));
            Assert.True(record.Name.Is(room[..entry.NameLength]));
            Assert.True(entry.TryReadData(data, out var length));
            Assert.Equal((record.Type, record.TimeToLive, true), (entry.Type, entry.TimeToLive, entry.IsInternet));
            Assert.Equal(record.Data.ToArray(), data[..length].ToArray());
        }

        // Each name is there once: the others are two bytes.
        Assert.Single(Occurrences(message, "_smb"u8));
        Assert.Single(Occurrences(message, "My files"u8));
    }

    [Fact]
    public void Who_knows_no_mdns_gets_the_target_of_a_service_uncompressed()
    {
        var writer = new DnsWriter();
        writer.Begin(7, isResponse: true, isLegacy: true);
        writer.Ask(Instance.Wire, DnsType.Srv, 1);
        Assert.True(writer.TryAdd(DnsRecord.Address(Host, IPAddress.Parse("192.0.2.1")), DnsSection.Answer, 10, flush: false));
        Assert.True(writer.TryAdd(DnsRecord.Service(Instance, 445, Host), DnsSection.Answer, 10, flush: false));
        Assert.Equal(2, Occurrences(writer.Message.ToArray(), "files\u0005local"u8).Count + Occurrences(writer.Message.ToArray(), "\u0005files"u8).Count - 1);
    }

    [Fact]
    public void Names_are_the_same_in_any_case_of_ascii_only()
    {
        Assert.Equal(DnsName.Of("FILES", "Local"), Host);
        Assert.Equal(DnsName.Of("FILES", "Local").GetHashCode(), Host.GetHashCode());
        Assert.NotEqual(DnsName.Of("Ä"), DnsName.Of("ä"));
        Assert.Throws<ArgumentException>(() => DnsName.Of(new string('x', 64)));
        Assert.Throws<ArgumentException>(() => DnsName.Of(string.Empty));
    }

    [Fact]
    public void The_types_that_a_name_has_are_a_map_of_bits()
    {
        var data = DnsRecord.NoOthers(Host, [DnsType.A, DnsType.Aaaa], 120).Data.ToArray();
        Assert.Equal((byte[])[.. Host.Wire, 0, 4, 0x40, 0, 0, 0x08], data); // RFC 4034 4.1.2
    }

    [Theory]
    [InlineData("C00C")]                        // to itself
    [InlineData("0161C00C")]                    // to its own beginning
    [InlineData("C00E")]                        // forward
    [InlineData("C000")]                        // into the header
    [InlineData("4041")]                        // a label of another kind
    [InlineData("3F41")]                        // a label beyond the end
    [InlineData("C0")]                          // half a pointer
    public void A_name_that_leads_nowhere_is_none(string name)
    {
        byte[] message = [.. new byte[12], .. Convert.FromHexString(name)];
        var at = 12;
        Assert.False(DnsReader.TryReadName(message, ref at, new byte[255], out _));
    }

    [Fact]
    public void Pointers_that_point_to_each_other_end_and_so_does_a_name_that_grows()
    {
        // 127 labels in front of a pointer to them: 255 bytes and no more.
        byte[] message = [.. new byte[12], .. Enumerable.Repeat<byte[]>([1, 97], 127).SelectMany(static label => label), 0, 1, 98, 0xC0, 12, 0xC0, 12];
        var at = 12;
        Assert.True(DnsReader.TryReadName(message, ref at, new byte[255], out var length));
        Assert.Equal(255, length);
        Assert.False(DnsReader.TryReadName(message, ref at, new byte[255], out _));
        at = message.Length - 2;
        Assert.True(DnsReader.TryReadName(message, ref at, new byte[255], out _));
        Assert.Equal(message.Length, at);
    }

    [Fact]
    public void A_message_cut_anywhere_is_read_to_there()
    {
        var message = Write([DnsRecord.Pointer(Type, Instance), DnsRecord.Service(Instance, 445, Host), DnsRecord.Text(Instance, "a=b")]);
        for (var length = 0; length < message.Length; length++)
        {
            Assert.True(ReadAll(message.AsSpan(0, length)) < 3);
        }

        Assert.Equal(3, ReadAll(message));
    }

    [Fact]
    public void Broken_bytes_are_refused_without_a_fault()
    {
        var message = Write([DnsRecord.Pointer(Type, Instance), DnsRecord.Service(Instance, 445, Host), DnsRecord.NoOthers(Host, [DnsType.A], 120)]);
        var random = new Random(17);
        for (var i = 0; i < 20_000; i++)
        {
            var broken = message.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                broken[random.Next(broken.Length)] = (byte)random.Next(256);
            }

            Assert.InRange(ReadAll(broken), 0, message.Length);
        }
    }

    [Fact]
    public void A_message_is_full_when_a_frame_is()
    {
        var writer = new DnsWriter();
        writer.Begin(0, isResponse: true);
        var count = 0;
        while (writer.TryAdd(DnsRecord.Text(Instance, new string((char)('a' + (count % 20)), 200)), DnsSection.Answer, 1, flush: true))
        {
            count++;
        }

        Assert.InRange(count, 5, 7);
        Assert.InRange(writer.Message.Length, 1200, DnsWriter.MaxSize);
        Assert.Equal(count, ReadAll(writer.Message.Span));
    }

    internal static byte[] Write(IEnumerable<DnsRecord> records, bool isResponse = true, uint? timeToLive = null)
    {
        var writer = new DnsWriter();
        writer.Begin(0, isResponse);
        foreach (var record in records)
        {
            Assert.True(writer.TryAdd(record, DnsSection.Answer, timeToLive ?? record.TimeToLive, flush: true));
        }

        return writer.Message.ToArray();
    }

    private static int ReadAll(ReadOnlySpan<byte> message)
    {
        if (!DnsReader.TryOpen(message, out var reader))
        {
            return 0;
        }

        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        Span<byte> data = stackalloc byte[2048];
        var read = 0;
        for (var i = 0; i < reader.Questions; i++)
        {
            if (!reader.TryReadQuestion(room, out _))
            {
                return read;
            }
        }

        for (var i = 0; i < reader.Answers + reader.Authorities + reader.Additionals && reader.TryReadEntry(room, out var entry); i++)
        {
            entry.TryReadData(data, out _);
            read++;
        }

        return read;
    }

    private static List<int> Occurrences(ReadOnlySpan<byte> message, ReadOnlySpan<byte> part)
    {
        var found = new List<int>();
        for (var at = 0; message[at..].IndexOf(part) is >= 0 and var next; at += next + 1)
        {
            found.Add(at + next);
        }

        return found;
    }
}
