using System.Net;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.Mdns;
using Xunit;

namespace Smb3.Embedded.Tests.Discovery;

/// <summary>RFC 6762 against a network and a clock of the test's own.</summary>
public sealed class MdnsTests
{
    private const string Smb = "_smb/_tcp/local", Instance = "FILES/_smb/_tcp/local", Host = "FILES/local";

    [Fact]
    public void Names_are_probed_three_times_and_then_announced_twice()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        var times = new List<(TimeSpan At, bool IsResponse)>();
        while (host.Responder.Due is { } due)
        {
            host.Go((due - host.Now).TotalSeconds);
            times.AddRange(host.Take().Select(one => (host.Now, (one.Message[2] & 0x80) != 0)));
        }

        Assert.Equal([false, false, false, true, true], times.Select(static one => one.IsResponse));
        Assert.InRange(times[0].At, TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
        Assert.Equal([250, 250, 250, 1000], times.Zip(times.Skip(1), static (one, next) => (next.At - one.At).TotalMilliseconds));
        Assert.True(host.Responder.IsSettled);
    }

    [Fact]
    public void A_probe_asks_for_each_name_and_says_what_for()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        host.Go(0.25);
        var proposed = Assert.Single(host.Take()).Message;
        DnsReader.TryOpen(proposed, out var reader);
        Assert.Equal(3, reader.Questions); // FILES.local, its service, and its device information
        Assert.All(Answer.Read(proposed, null), static one => Assert.Equal(DnsSection.Authority, one.Section));
        Assert.Equal(
            [DnsType.Srv, DnsType.Txt, DnsType.Srv, DnsType.Txt, DnsType.A], Answer.Read(proposed, null).Select(static one => one.Type));
    }

    [Fact]
    public void Nothing_is_answered_before_the_names_are_its_own()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        host.Go(0.3);
        host.Take();
        host.Receive(MdnsHost.Query(Smb, DnsType.Ptr));
        host.Go(0.1);
        Assert.DoesNotContain(host.Answers(), static one => one.IsResponse);
    }

    [Fact]
    public void The_service_is_found_with_all_that_is_asked_next()
    {
        var answers = new MdnsHost().Settle().Ask(Smb, DnsType.Ptr);
        var pointer = Assert.Single(answers, static one => one.Section == DnsSection.Answer);
        Assert.Equal((Smb, DnsType.Ptr, DnsRecord.OtherTime, null), (pointer.Name, pointer.Type, pointer.TimeToLive, pointer.To));
        Assert.Contains(answers, static one => one is { Name: Instance, Type: DnsType.Srv, Data: [0, 0, 0, 0, 1, 189, ..] });
        Assert.Contains(answers, static one => one is { Name: Instance, Type: DnsType.Txt, Data: [0] });
        Assert.Contains(answers, static one => one is { Name: Host, Type: DnsType.A, Data: [192, 0, 2, 1] });
    }

    [Fact]
    public void Time_machine_finds_its_shares()
    {
        var host = new MdnsHost().Settle(MdnsHost.Files with { TimeMachine = ["Backup", "Zweite"] });
        var text = Assert.Single(host.Ask("FILES/_adisk/_tcp/local", DnsType.Txt), static one => one.Type == DnsType.Txt);
        Assert.Equal(
            "\u0015sys=waMa=0,adVF=0x100\u0019dk0=adVN=Backup,adVF=0x82\u0019dk1=adVN=Zweite,adVF=0x82", System.Text.Encoding.UTF8.GetString(text.Data));
        Assert.Equal(3, host.Ask("_services/_dns-sd/_udp/local", DnsType.Ptr).Count(static one => one.Section == DnsSection.Answer));
    }

    [Fact]
    public void Answers_that_others_give_too_come_late_and_others_at_once()
    {
        var host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Query(Smb, DnsType.Ptr));
        Assert.Empty(host.Take());
        Assert.InRange(host.Responder.Due!.Value - host.Now, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(120));
        host.Go(2);
        host.Take();
        host.Receive(MdnsHost.Query(Host, DnsType.A));
        Assert.Single(host.Take());
    }

    [Fact]
    public void What_who_asks_knows_is_not_told_unless_it_will_soon_forget_it()
    {
        var pointer = DnsRecord.Pointer(DnsName.Of(Smb.Split('/')), DnsName.Of("files", "_smb", "_tcp", "local"));
        var host = new MdnsHost().Settle();
        Assert.Empty(host.Ask(Smb, DnsType.Ptr, known: pointer));
        Assert.NotEmpty(host.Ask(Smb, DnsType.Ptr, known: pointer with { TimeToLive = (DnsRecord.OtherTime / 2) - 1 }));
        Assert.NotEmpty(host.Ask(Smb, DnsType.Ptr, known: pointer with { Target = DnsName.Of("other", "_smb", "_tcp", "local") }));
    }

    [Fact]
    public void Known_answers_that_come_in_a_further_message_count_too()
    {
        var pointer = DnsRecord.Pointer(DnsName.Of(Smb.Split('/')), DnsName.Of("FILES", "_smb", "_tcp", "local"));
        var host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Query(Smb, DnsType.Ptr, isTruncated: true));
        host.Go(0.3);
        Assert.Empty(host.Take());
        host.Receive(MdnsHost.Query(string.Empty, DnsType.Ptr, known: pointer));
        host.Go(1);
        Assert.Empty(host.Take());

        host.Receive(MdnsHost.Query(Smb, DnsType.Ptr, isTruncated: true));
        host.Receive(MdnsHost.Query(string.Empty, DnsType.Ptr, known: pointer), new IPEndPoint(IPAddress.Parse("192.0.2.8"), MdnsResponder.Port));
        host.Go(1);
        Assert.NotEmpty(host.Take()); // it was somebody else who knows it
    }

    [Fact]
    public void A_record_is_sent_to_all_once_a_second_at_most()
    {
        var host = new MdnsHost().Settle();
        var times = new List<TimeSpan>();
        for (var i = 0; i < 500; i++)
        {
            host.Receive(MdnsHost.Query(Host, DnsType.A), new IPEndPoint(IPAddress.Parse($"192.0.2.{2 + (i % 200)}"), MdnsResponder.Port));
            host.Go(0.01);
            times.AddRange(host.Take().Select(_ => host.Now));
        }

        Assert.InRange(times.Count, 4, 6);
    }

    [Fact]
    public void Who_wants_the_answer_alone_gets_it_when_all_have_had_it_of_late()
    {
        var host = new MdnsHost().Settle();
        Assert.All(host.Ask(Host, DnsType.A, wantsUnicast: true), static one => Assert.Equal(MdnsHost.Other, one.To));
        host.Go(60);
        Assert.All(host.Ask(Host, DnsType.A, wantsUnicast: true), static one => Assert.Null(one.To)); // after more than a quarter of its time
    }

    [Fact]
    public void Who_is_no_mdns_querier_is_answered_as_by_a_dns_server()
    {
        var host = new MdnsHost().Settle();
        var from = new IPEndPoint(IPAddress.Parse("192.0.2.7"), 40000);
        var query = MdnsHost.Query(Host, DnsType.A);
        (query[0], query[1]) = (0x12, 0x34);
        host.Receive(query, from);
        var (message, to) = Assert.Single(host.Take());
        Assert.Equal(from, to);
        DnsReader.TryOpen(message, out var reader);
        Assert.True(reader is { Id: 0x1234, Questions: 1, Answers: 1 });
        var answer = Answer.Read(message, to)[0];
        Assert.Equal(10u, answer.TimeToLive);
        Assert.Equal([192, 0, 2, 1], answer.Data);
        Assert.Equal([0, 1], message.AsSpan(message.Length - 12, 2).ToArray()); // class IN, without the bit for caches
    }

    [Fact]
    public void Nobody_off_the_link_is_answered()
    {
        var host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Query(Host, DnsType.A), new IPEndPoint(IPAddress.Parse("198.51.100.1"), 40000));
        host.Receive(MdnsHost.Query(Host, DnsType.A), new IPEndPoint(IPAddress.Parse("198.51.100.1"), MdnsResponder.Port), isToAll: false);
        host.Go(2);
        Assert.Empty(host.Take());
        host.Receive(MdnsHost.Query(Host, DnsType.A, wantsUnicast: true), new IPEndPoint(IPAddress.Parse("198.51.100.1"), MdnsResponder.Port));
        host.Go(2);
        Assert.All(host.Take(), static one => Assert.Null(one.To)); // all of the link, whoever has asked them
    }

    [Fact]
    public void However_many_ask_there_is_a_limit_of_answers()
    {
        var host = new MdnsHost().Settle();
        var sent = 0;
        for (var i = 0; i < 10_000; i++)
        {
            host.Receive(MdnsHost.Query(Smb, DnsType.Ptr), new IPEndPoint(IPAddress.Parse($"192.0.2.{2 + (i % 200)}"), 40000 + (i % 1000)));
            host.Go(0.0001);
            sent += host.Take().Count;
        }

        Assert.InRange(sent, 50, 76); // of one second
        host.Go(2);
        Assert.NotEmpty(host.Ask(Host, DnsType.A));
    }

    [Fact]
    public void A_type_that_a_name_does_not_have_is_said_to_be_none()
    {
        var host = new MdnsHost().Settle();
        var answer = Assert.Single(host.Ask(Host, DnsType.Aaaa));
        Assert.Equal((Host, DnsType.Nsec, DnsRecord.HostTime), (answer.Name, answer.Type, answer.TimeToLive));
        Assert.Equal([0, 1, 0x40], answer.Data[^3..]);
        Assert.Empty(host.Ask("OTHER/local", DnsType.A));
    }

    [Fact]
    public void A_name_that_another_host_has_gets_a_number()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        host.Go(0.3);
        host.Receive(DnsTests.Write([DnsRecord.Service(DnsName.Of(Instance.Split('/')), 445, DnsName.Of("other", "local"))]));
        host.Receive(DnsTests.Write([DnsRecord.Address(DnsName.Of("files", "local"), IPAddress.Parse("192.0.2.9"))]));
        host.Go(5);
        host.Take();
        Assert.Equal(["FILES (2)", "FILES-2"], host.Names);
        Assert.NotEmpty(host.Ask("FILES-2/local", DnsType.A));
        Assert.NotEmpty(host.Ask("FILES (2)/_smb/_tcp/local", DnsType.Srv));
        Assert.Empty(host.Ask(Host, DnsType.A));
    }

    [Fact]
    public void Of_two_that_begin_together_one_gets_the_name_and_the_other_a_number()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (one, other) = (new MdnsHost("192.0.2.1", seed: seed), new MdnsHost("192.0.2.2", seed: 100 + seed));
            one.Neighbours.Add(other);
            other.Neighbours.Add(one);
            one.Responder.Update(MdnsHost.Files, [one.Link], TimeSpan.Zero);
            other.Responder.Update(MdnsHost.Files, [other.Link], TimeSpan.Zero);
            for (var i = 0; i < 2000; i++)
            {
                one.Go(0.005);
                other.Go(0.005);
                one.Deliver();
                other.Deliver();
            }

            Assert.True(one.Responder.IsSettled && other.Responder.IsSettled);
            Assert.Equal(["FILES", "FILES (2)"], new[] { one.Responder.Told!.Instance, other.Responder.Told!.Instance }.Order(StringComparer.Ordinal));
            Assert.Equal(["FILES", "FILES-2"], new[] { one.Responder.Told.Host, other.Responder.Told.Host }.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Who_has_the_lesser_records_waits_a_second()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        host.Go(0.3);
        host.Take();
        host.Receive(MdnsHost.Probe(DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.2.9"))));
        Assert.Equal(TimeSpan.FromSeconds(1), host.Responder.Due - host.Now);
        host.Receive(MdnsHost.Probe(DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.0.9"))));
        Assert.Equal(TimeSpan.FromSeconds(1), host.Responder.Due - host.Now);
        host.Go(5);
        Assert.True(host.Responder.IsSettled);
    }

    [Fact]
    public void A_name_is_defended_at_once()
    {
        var host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Probe(DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.2.9"))));
        host.Go(0.001);
        Assert.Contains(host.Answers(), static one => one is { Name: Host, Type: DnsType.A, Data: [192, 0, 2, 1] });
        Assert.True(host.Responder.IsSettled);
    }

    [Fact]
    public void A_name_that_another_host_uses_later_is_asked_for_again_and_kept_when_it_does_not_answer()
    {
        var host = new MdnsHost().Settle();
        host.Receive(DnsTests.Write([DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.2.9"))]));
        Assert.False(host.Responder.IsSettled);
        host.Go(5);
        Assert.True(host.Responder.IsSettled);
        Assert.Empty(host.Names);
    }

    [Fact]
    public void Another_responder_of_this_machine_keeps_the_machines_name()
    {
        var host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Probe(DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.2.77"))), new IPEndPoint(host.Link.Addresses[0], MdnsResponder.Port));
        host.Go(5);
        Assert.Equal(["FILES-2"], host.Names);

        // The same address is no conflict, and the name of a service is not the machine's.
        host = new MdnsHost().Settle();
        host.Receive(MdnsHost.Probe(DnsRecord.Address(DnsName.Of("FILES", "local"), host.Link.Addresses[0])), new IPEndPoint(host.Link.Addresses[0], MdnsResponder.Port));
        host.Receive(MdnsHost.Probe(DnsRecord.Service(DnsName.Of(Instance.Split('/')), 4450, DnsName.Of("FILES", "local"))), new IPEndPoint(host.Link.Addresses[0], MdnsResponder.Port));
        host.Go(5);
        Assert.Empty(host.Names);
    }

    [Fact]
    public void Who_claims_every_name_does_not_make_it_spin()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        var sent = 0;
        for (var i = 0; i < 60_000; i++)
        {
            host.Go(0.001);
            foreach (var (message, _) in host.Take())
            {
                sent++;
                foreach (var proposed in Answer.Read(message, null).Where(static one => one.Type == DnsType.Srv))
                {
                    host.Receive(DnsTests.Write([DnsRecord.Service(DnsName.Of(proposed.Name.Split('/')), 1, DnsName.Of("evil", "local"))]));
                }
            }
        }

        Assert.InRange(sent, 15, 40); // in a minute: fifteen at first, then one in five seconds
    }

    [Fact]
    public void It_says_goodbye()
    {
        var host = new MdnsHost().Settle();
        host.Responder.End();
        var answers = host.Answers();
        Assert.All(answers, static one => Assert.Equal(0u, one.TimeToLive));
        Assert.Contains(answers, static one => one is { Name: Smb, Type: DnsType.Ptr });
        Assert.Contains(answers, static one => one is { Name: Host, Type: DnsType.A });
        Assert.Null(host.Responder.Due);
    }

    [Fact]
    public void Who_was_not_announced_says_no_goodbye()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        host.Go(0.3);
        host.Take();
        host.Responder.End();
        Assert.Empty(host.Take());
    }

    [Fact]
    public void A_goodbye_that_others_make_up_is_put_right()
    {
        var host = new MdnsHost().Settle();
        host.Go(5);
        host.Receive(DnsTests.Write([DnsRecord.Pointer(DnsName.Of(Smb.Split('/')), DnsName.Of(Instance.Split('/')))], timeToLive: 0));
        host.Go(1);
        Assert.Contains(host.Answers(), static one => one is { Name: Smb, TimeToLive: DnsRecord.OtherTime });
    }

    [Fact]
    public void Shares_and_addresses_that_change_are_told_and_those_that_are_gone_are_taken_back()
    {
        var host = new MdnsHost().Settle(MdnsHost.Files with { TimeMachine = ["A"] });
        host.Responder.Update(MdnsHost.Files with { TimeMachine = ["A", "B"] }, [host.Link], host.Now);
        host.Go(3);
        Assert.Equal(2, host.Answers().Count(static one => one is { Name: "FILES/_adisk/_tcp/local", Type: DnsType.Txt, TimeToLive: > 0 }));
        Assert.Empty(host.Names);

        host.Responder.Update(MdnsHost.Files, [host.Link], host.Now);
        host.Go(3);
        var answers = host.Answers();
        Assert.Contains(answers, static one => one is { Name: "_adisk/_tcp/local", Type: DnsType.Ptr, TimeToLive: 0 });
        Assert.DoesNotContain(answers, static one => one is { Name: Smb, TimeToLive: 0 });

        var moved = host.Link with { Networks = [(IPAddress.Parse("192.0.2.5"), 24)], Addresses = [IPAddress.Parse("192.0.2.5")] };
        host.Responder.Update(MdnsHost.Files, [moved], host.Now);
        host.Go(3);
        Assert.Contains(host.Answers(), static one => one is { Name: Host, Type: DnsType.A, Data: [192, 0, 2, 5] });

        host.Responder.Update(MdnsHost.Files, [], host.Now);
        Assert.Null(host.Responder.Due);
        Assert.All(host.Answers(), static one => Assert.Equal(0u, one.TimeToLive));
    }

    [Fact]
    public void Nothing_that_arrives_ends_it()
    {
        var host = new MdnsHost().Settle();
        byte[][] seeds =
        [
            MdnsHost.Query(Smb, DnsType.Ptr, known: DnsRecord.Pointer(DnsName.Of(Smb.Split('/')), DnsName.Of(Instance.Split('/')))),
            MdnsHost.Probe(DnsRecord.Service(DnsName.Of(Instance.Split('/')), 1, DnsName.Of("x", "local"))),
            DnsTests.Write([DnsRecord.Address(DnsName.Of("FILES", "local"), IPAddress.Parse("192.0.2.9")), DnsRecord.Text(DnsName.Of(Instance.Split('/')), "x")]),
        ];
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var message = seeds[random.Next(seeds.Length)].ToArray();
            for (var change = random.Next(0, 5); change > 0; change--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            host.Receive(message.AsSpan(0, random.Next(8) == 0 ? random.Next(message.Length) : message.Length).ToArray());
            host.Go(0.001);
        }

        host.Go(30);
        host.Take();
        Assert.True(host.Responder.IsSettled);
        Assert.NotEmpty(host.Ask(Smb, DnsType.Ptr));
    }

    [Fact]
    public void Its_own_messages_are_not_another_hosts()
    {
        var host = new MdnsHost();
        host.Responder.Update(MdnsHost.Files, [host.Link], TimeSpan.Zero);
        for (var i = 0; i < 1000; i++)
        {
            host.Go(0.005);
            foreach (var (message, _) in host.Take())
            {
                host.Receive(message, new IPEndPoint(IPAddress.Parse("192.0.2.2"), MdnsResponder.Port)); // as when two interfaces are on one link
            }
        }

        Assert.True(host.Responder.IsSettled);
        Assert.Empty(host.Names);
        Assert.NotEmpty(host.Ask(Smb, DnsType.Ptr));
    }
}
