using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Interfaces;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>Which addresses clients are told of for further channels.</summary>
public sealed class InterfaceTests
{
    private const ulong Gigabit = 1_000_000_000;

    private static readonly IPEndPoint Everywhere = new(IPAddress.Any, 445);
    private static readonly IPEndPoint EverywhereV6 = new(IPAddress.IPv6Any, 445);

    private readonly List<NetworkLink> _links =
    [
        Link("lo", 1, "127.0.0.1", "::1") with { IsLoopback = true },
        Link("eth0", 2, "192.0.2.1", "2001:db8::1", "fe80::1") with { Rss = true, LinkSpeed = 10 * Gigabit },
        Link("eth1", 3, "198.51.100.1", "169.254.7.7"),
        Link("eth2", 4, "203.0.113.1") with { IsUp = false },
        Link("docker0", 5, "172.17.0.1") with { IsInternal = true },
    ];

    [Fact]
    public void All_addresses_that_clients_can_reach_are_told_and_no_others()
    {
        Assert.Equal(["192.0.2.1", "2001:db8::1", "198.51.100.1"], Find([], EverywhereV6));
        Assert.Equal(["192.0.2.1", "198.51.100.1"], Find([], Everywhere));
        Assert.Equal(["198.51.100.1"], Find([], new IPEndPoint(IPAddress.Parse("198.51.100.1"), 445)));
    }

    [Fact]
    public void The_loopback_is_told_only_where_it_is_listened_on_by_name()
    {
        Assert.Equal(["127.0.0.1"], Find([], new IPEndPoint(IPAddress.Loopback, 445)));
        Assert.Equal(["127.0.0.2", "127.0.0.3"], Find([], Loopback(2), Loopback(3)));
    }

    [Fact]
    public void Index_speed_and_RSS_are_those_of_the_link()
    {
        var found = Scan([]).Find([EverywhereV6]);
        Assert.Equal((2u, 10 * Gigabit, true), (found[0].Index, found[0].LinkSpeed, found[0].Rss));
        Assert.Equal((2u, 10 * Gigabit, true), (found[1].Index, found[1].LinkSpeed, found[1].Rss));
        Assert.Equal((3u, Gigabit, false), (found[2].Index, found[2].LinkSpeed, found[2].Rss));
    }

    [Theory]
    [InlineData("eth0", "192.0.2.1")]
    [InlineData("eth*", "192.0.2.1 198.51.100.1")]
    [InlineData("!eth0", "198.51.100.1")]
    [InlineData("198.51.100.0/24", "198.51.100.1")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("eth*,!192.0.2.0/24", "198.51.100.1")]
    [InlineData("docker0", "172.17.0.1")]
    [InlineData("wlan0", "")]
    public void A_filter_takes_by_name_address_or_network_and_leaves_out(string filter, string expected) =>
        Assert.Equal(expected, string.Join(' ', Find(filter.Split(','), Everywhere)));

    [Fact]
    public void A_fixed_list_is_told_as_it_is()
    {
        var scan = new InterfaceScan(
            new InterfaceFilter([]),
            [
                new SmbInterface(IPAddress.Parse("203.0.113.9")) { LinkSpeed = 25, Rss = true },
                new SmbInterface(IPAddress.Parse("192.0.2.1")),
                new SmbInterface(IPAddress.Parse("203.0.113.10")) { Index = 7 },
            ],
            TimeProvider.System, () => _links);
        var found = scan.Find([Loopback(1)]);
        Assert.Equal(["203.0.113.9", "192.0.2.1", "203.0.113.10"], found.Select(one => one.Address.ToString()));
        Assert.Equal((25ul, true), (found[0].LinkSpeed, found[0].Rss));
        Assert.Equal((2u, 7u), (found[1].Index, found[2].Index));
        Assert.DoesNotContain(found[0].Index, _links.Select(link => link.Index));
    }

    [Fact]
    public void A_change_is_seen_while_it_runs_but_is_not_looked_for_at_every_question()
    {
        var time = new FakeTimeProvider();
        var reads = 0;
        var scan = new InterfaceScan(new InterfaceFilter([]), [], time, () =>
        {
            reads++;
            return _links;
        });
        Assert.Equal(2, scan.Find([Everywhere]).Count);
        _links[3] = _links[3] with { IsUp = true };
        Assert.Equal(2, scan.Find([Everywhere]).Count);
        Assert.Equal(1, reads);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, scan.Find([Everywhere]).Count);
    }

    [Fact]
    public void This_machine_has_a_loopback_without_RSS()
    {
        var loopback = Assert.Single(SystemLinks.Read(), link => link.IsLoopback);
        Assert.True(loopback is { IsUp: true, Rss: false, IsInternal: false, LinkSpeed: > 0 });
        Assert.Contains(IPAddress.Loopback, loopback.Addresses);
    }

    [Fact]
    public void An_address_that_is_reached_by_TCP_and_by_RDMA_is_told_twice()
    {
        var all = Rdma("0.0.0.0", 5445);
        var scan = new InterfaceScan(
            new InterfaceFilter([]), [], TimeProvider.System, () => _links, address => address.ToString() is "192.0.2.1" or "203.0.113.1");
        Assert.Equal(
            [("192.0.2.1", 10 * Gigabit, true, false), ("192.0.2.1", 10 * Gigabit, false, true), ("198.51.100.1", Gigabit, false, false)],
            scan.Find([Everywhere, all]).Select(one => (one.Address.ToString(), one.LinkSpeed, one.Rss, one.Rdma)));
    }

    [Theory]
    [InlineData("0.0.0.0", "192.0.2.1")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("198.51.100.1", "")]
    public void RDMA_is_claimed_where_it_is_listened_on_and_a_device_has_the_address(string listening, string expected)
    {
        var scan = new InterfaceScan(
            new InterfaceFilter([]), [], TimeProvider.System, () => _links, address => address.ToString() == "192.0.2.1");
        var found = scan.Find([Rdma(listening, 5445)]);
        Assert.All(found, one => Assert.True(one.Rdma));
        Assert.Equal(expected, string.Join(' ', found.Select(one => one.Address.ToString())));
    }

    [Fact]
    public void No_device_is_asked_for_where_nothing_listens_for_RDMA()
    {
        var scan = new InterfaceScan(
            new InterfaceFilter([]), [], TimeProvider.System, () => _links, _ => throw new InvalidOperationException());
        Assert.Equal(2, scan.Find([Everywhere]).Count);
    }

    [Fact]
    public void An_advertised_interface_can_be_for_RDMA()
    {
        Assert.True(SmbInterface.TryParse("192.0.2.1 RDMA speed=100G", out var parsed));
        var scan = new InterfaceScan(new InterfaceFilter([]), [parsed], TimeProvider.System, () => _links);
        var told = Assert.Single(scan.Find([Everywhere]));
        Assert.Equal((100 * Gigabit, false, true), (told.LinkSpeed, told.Rss, told.Rdma));
    }

    [Theory]
    [InlineData("192.0.2.1", 1_000_000_000, false, 0)]
    [InlineData("192.0.2.1 speed=2.5G rss", 2_500_000_000, true, 0)]
    [InlineData("2001:db8::1  index=3 SPEED=100M", 100_000_000, false, 3)]
    public void An_advertised_interface_is_read(string text, long speed, bool rss, int index)
    {
        Assert.True(SmbInterface.TryParse(text, out var parsed));
        Assert.Equal((IPAddress.Parse(text.Split(' ')[0]), speed, rss, index), (parsed.Address, parsed.LinkSpeed, parsed.Rss, parsed.Index));
    }

    [Theory]
    [InlineData("")]
    [InlineData("eth0")]
    [InlineData("7")]
    [InlineData("192.0.2.1 fast")]
    [InlineData("192.0.2.1 speed=G")]
    [InlineData("192.0.2.1 index=-1")]
    [InlineData("192.0.2.1 rdm")]
    public void What_is_no_interface_is_refused(string text) => Assert.False(SmbInterface.TryParse(text, out _));

    [Theory]
    [InlineData("192.0.2.0/33", false)]
    [InlineData("", false)]
    [InlineData("!", false)]
    [InlineData("192.0.2.0/24", true)]
    [InlineData("!2001:db8::/32", true)]
    [InlineData("bond*", true)]
    public void A_filter_that_cannot_be_meant_is_refused(string entry, bool valid) => Assert.Equal(valid, InterfaceFilter.IsValid(entry));

    private static NetworkLink Link(string name, uint index, params string[] addresses) => new(
        name, index, IsUp: true, IsLoopback: false, IsInternal: false, Gigabit, Rss: false, [.. addresses.Select(IPAddress.Parse)]);

    private static IPEndPoint Loopback(byte last) => new(new IPAddress([127, 0, 0, last]), 445);

    private static SmbRdmaEndPoint Rdma(string address, int port) => new(IPAddress.Parse(address), port);

    private InterfaceScan Scan(string[] filter) => new(new InterfaceFilter(filter), [], TimeProvider.System, () => _links);

    private IEnumerable<string> Find(string[] filter, params EndPoint[] listening) =>
        Scan(filter).Find(listening).Select(one => one.Address.ToString());
}
