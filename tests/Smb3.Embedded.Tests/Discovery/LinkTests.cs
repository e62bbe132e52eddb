using System.Net;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.Mdns;
using Xunit;

namespace Smb3.Embedded.Tests.Discovery;

public sealed class LinkTests
{
    private static readonly (IPAddress, int)[] Networks = [(IPAddress.Parse("192.0.2.130"), 26), (IPAddress.Parse("2001:db8::1"), 64), (IPAddress.Parse("fe80::1%2"), 64)];

    [Theory]
    [InlineData("192.0.2.129", true)]
    [InlineData("192.0.2.193", false)]
    [InlineData("192.0.3.130", false)]
    [InlineData("169.254.7.7", true)]
    [InlineData("2001:db8::ffff:1", true)]
    [InlineData("2001:db8:0:1::1", false)]
    [InlineData("fe80::9", true)]
    public void A_host_on_the_link_is_known_by_its_address(string address, bool isOnLink) =>
        Assert.Equal(isOnLink, new Link(2, "eth0", Networks, 445, []).IsOnLink(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0:445", 445, "192.0.2.130")]
    [InlineData("[::]:4450", 4450, "192.0.2.130 2001:db8::1 fe80::1%2")]
    [InlineData("192.0.2.130:4450 [::]:445", 445, "192.0.2.130 2001:db8::1 fe80::1%2")]
    [InlineData("192.0.2.130:4450 127.0.0.1:445", 4450, "192.0.2.130")]
    [InlineData("127.0.0.1:445", 0, "")]
    [InlineData("192.0.2.131:445", 0, "")]
    public void Told_is_what_is_listened_on(string listening, int port, string addresses)
    {
        var (chosen, at) = LinkScan.Choose(Networks, [.. listening.Split(' ').Select(IPEndPoint.Parse)], reachable: null);
        Assert.Equal(port, chosen);
        Assert.Equal(addresses, string.Join(' ', at ?? []));
    }

    [Fact]
    public void Without_a_choice_only_links_are_taken_by_which_clients_reach_the_server()
    {
        var wildcard = new[] { IPEndPoint.Parse("[::]:445") };
        Assert.Null(LinkScan.Choose(Networks, wildcard, new HashSet<IPAddress>()).Addresses);
        Assert.Equal(
            ["192.0.2.130", "fe80::1%2"], LinkScan.Choose(Networks, wildcard, new HashSet<IPAddress> { IPAddress.Parse("192.0.2.130") }).Addresses.Select(static one => one.ToString()));
    }

    [Fact]
    public void An_address_of_the_link_alone_is_told_where_there_is_no_other()
    {
        var link = new Link(2, "eth0", Networks, 445, [.. Networks.Select(static one => one.Item1)]);
        Assert.Equal(["192.0.2.130", "2001:db8::1"], link.Told().Select(static one => one.ToString()));
        Assert.Equal(["fe80::1%2"], (link with { Addresses = [IPAddress.Parse("fe80::1%2")] }).Told().Select(static one => one.ToString()));
    }

    [Theory]
    [InlineData("", "eth0", true)]
    [InlineData("eth*", "eth0", true)]
    [InlineData("eth*", "wlan0", false)]
    [InlineData("!eth0", "eth0", false)]
    [InlineData("!eth0", "eth1", true)]
    [InlineData("192.0.2.0/24", "x", true)]
    [InlineData("192.0.2.130", "x", true)]
    [InlineData("198.51.100.0/24", "x", false)]
    public void Interfaces_are_chosen_by_name_or_network(string entries, string name, bool isTaken) => Assert.Equal(
        isTaken, new LinkFilter(entries.Split(',', StringSplitOptions.RemoveEmptyEntries)).Takes(name, Networks.Select(static one => one.Item1)));

    [Fact]
    public void Shares_for_time_machine_are_told_as_far_as_there_is_room()
    {
        Assert.Equal(["A", "B"], ServiceRecords.Fitting(["A", "with, comma", "B"]));
        Assert.InRange(ServiceRecords.Fitting(Enumerable.Range(0, 100).Select(static number => $"Share {number}")).Count, 20, 40);
    }

    [Fact]
    public void A_budget_is_refilled_by_time()
    {
        var budget = new AnswerBudget(perSecond: 10, atOnce: 2);
        Assert.True(budget.TryTake(TimeSpan.Zero));
        Assert.True(budget.TryTake(TimeSpan.Zero));
        Assert.False(budget.TryTake(TimeSpan.Zero));
        Assert.True(budget.TryTake(TimeSpan.FromMilliseconds(100)));
        Assert.False(budget.TryTake(TimeSpan.FromMilliseconds(150)));
    }
}
