using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.TestClient.Rpc;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>The Service Witness Protocol, seen from its clients: what each operation answers, and who is told what.</summary>
public sealed class WitnessTests
{
    private const uint InvalidParameter = 0x57;
    private const uint NoMoreItems = 0x103;
    private const uint NotFound = 0x490;
    private const uint RevisionMismatch = 0x51A;
    private const uint NoSystemResources = 0x5AA;
    private const uint TimedOut = 0x5B4;
    private const uint InvalidState = 0x139F;
    private const uint Available = 1;
    private const uint Unavailable = 0xFF;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(RpcAuthLevel.Integrity, false)]
    [InlineData(RpcAuthLevel.Integrity, true)]
    [InlineData(RpcAuthLevel.Privacy, false)]
    [InlineData(RpcAuthLevel.Privacy, true)]
    internal async Task The_interfaces_are_listed_as_they_are(RpcAuthLevel level, bool spnego)
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync(WitnessServer.Alice with { Level = level, Spnego = spnego });
        var (status, interfaces) = await client.GetInterfaceListAsync();
        Assert.Equal(0u, status);
        Assert.Equal(
            [
                new WitnessTestInterface("NODE1", 0x20000, 1, IPAddress.Parse("192.0.2.1"), IPAddress.IPv6Any, 1),
                new WitnessTestInterface("NODE2", 0x20000, 1, IPAddress.Parse("192.0.2.2"), IPAddress.Parse("2001:db8::2"), 1 | 2 | 4),
            ],
            interfaces);
    }

    [Fact]
    public async Task The_longest_name_of_a_group_and_a_list_of_many_fragments_come_whole()
    {
        await using var server = await WitnessServer.StartAsync();
        var name = new string('n', 259);
        server.Source.SetInterfaces(Enumerable.Range(0, 200).Select(i => new SmbWitnessInterface(name, new IPAddress([192, 0, 2, (byte)i]))));
        var client = await server.ConnectAsync(WitnessServer.Alice with { Level = RpcAuthLevel.Privacy });
        var (_, interfaces) = await client.GetInterfaceListAsync();
        Assert.Equal(200, interfaces.Count);
        Assert.All(interfaces, one => Assert.Equal(name, one.Group));
    }

    [Fact]
    public async Task A_list_without_anything_has_no_more_items()
    {
        await using var server = await WitnessServer.StartAsync();
        server.Source.SetInterfaces([]);
        Assert.Equal(NoMoreItems, (await (await server.ConnectAsync()).GetInterfaceListAsync()).Status);
    }

    [Fact]
    public async Task The_list_waits_until_an_interface_can_be_used()
    {
        await using var server = await WitnessServer.StartAsync();
        server.Source.SetState("node1", SmbWitnessState.Unavailable);
        server.Source.SetState("NODE2", SmbWitnessState.Unknown);
        var client = await server.ConnectAsync();
        var listing = client.GetInterfaceListAsync();
        Assert.Equal(NotFound, (await client.AsyncNotifyAsync(Guid.NewGuid())).Status); // a later call is answered first
        Assert.False(listing.IsCompleted);
        server.Source.SetState(IPAddress.Parse(WitnessServer.Second), SmbWitnessState.Available);
        var (_, interfaces) = await listing.WaitAsync(Soon);
        Assert.Equal([0xFF, 1], interfaces.Select(one => (int)one.State));
    }

    [Theory]
    [InlineData(WitnessServer.Name, WitnessServer.Second, "C", 0x00010001u, 0u)]
    [InlineData("cluster.example.org", WitnessServer.Second, "C", 0x00010001u, 0u)]
    [InlineData(WitnessServer.Name, "2001:db8::2", "C", 0x00010001u, 0u)]
    [InlineData(WitnessServer.Name, "::ffff:192.0.2.2", "C", 0x00010001u, 0u)]
    [InlineData(WitnessServer.Name, WitnessServer.Second, "C", 0x00020000u, RevisionMismatch)]
    [InlineData(null, null, null, 0u, RevisionMismatch)]
    [InlineData(WitnessServer.Name, WitnessServer.Second, "C", 0xFFFFFFFFu, RevisionMismatch)]
    [InlineData(null, WitnessServer.Second, "C", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, null, "C", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, WitnessServer.Second, null, 0x00010001u, InvalidParameter)]
    [InlineData("", WitnessServer.Second, "C", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, WitnessServer.Second, "", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, "", "C", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, "nowhere", "C", 0x00010001u, InvalidParameter)]
    [InlineData("other", WitnessServer.Second, "C", 0x00010001u, InvalidParameter)]
    [InlineData("clusters", WitnessServer.Second, "C", 0x00010001u, InvalidParameter)]
    [InlineData(WitnessServer.Name, "192.0.2.77", "C", 0x00010001u, InvalidState)]
    public async Task Register_answers_as_the_specification_says(string? netName, string? address, string? client, uint version, uint expected)
    {
        await using var server = await WitnessServer.StartAsync();
        var (status, handle) = await (await server.ConnectAsync()).RegisterAsync(netName, address, client, version);
        Assert.Equal(expected, status);
        Assert.Equal(status == 0, handle != Guid.Empty);
        Assert.Equal(status == 0 ? 1 : 0, server.Witness.Registrations.Count);
    }

    [Theory]
    [InlineData("docs", 0u, 0x00020000u, 0u)]
    [InlineData("DOCS", 1u, 0x00020000u, 0u)]
    [InlineData(null, 0u, 0x00020000u, 0u)]
    [InlineData("docs", 0u, 0x00010001u, RevisionMismatch)]
    [InlineData("docs", 2u, 0x00020000u, InvalidParameter)]
    [InlineData("nothing", 0u, 0x00020000u, InvalidState)]
    [InlineData("", 0u, 0x00020000u, InvalidState)]
    public async Task RegisterEx_answers_as_the_specification_says(string? share, uint flags, uint version, uint expected)
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync();
        var (status, _) = await client.RegisterExAsync(WitnessServer.Name, share, WitnessServer.Second, "C", flags, version: version);
        Assert.Equal(expected, status);
        Assert.Equal(RevisionMismatch, (await client.RegisterExAsync(null, null, null, null, version: 0)).Status);
        Assert.Equal(InvalidParameter, (await client.RegisterExAsync(WitnessServer.Name, null, null)).Status);
        Assert.Equal(InvalidState, (await client.RegisterExAsync(WitnessServer.Name, "docs", "192.0.2.9")).Status);
    }

    [Fact]
    public async Task Names_of_any_length_are_refused_and_not_kept()
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync();
        var longName = new string('x', 2_000);
        Assert.Equal(InvalidParameter, (await client.RegisterAsync(longName, WitnessServer.Second)).Status);
        Assert.Equal(InvalidParameter, (await client.RegisterAsync(WitnessServer.Name + "." + longName, WitnessServer.Second)).Status);
        Assert.Equal(InvalidParameter, (await client.RegisterAsync(WitnessServer.Name, WitnessServer.Second, longName)).Status);
        Assert.Equal(InvalidParameter, (await client.RegisterExAsync(WitnessServer.Name, longName, WitnessServer.Second)).Status);
        Assert.Empty(server.Witness.Registrations);
    }

    [Fact]
    public async Task An_address_that_is_down_cannot_be_registered_for()
    {
        await using var server = await WitnessServer.StartAsync();
        server.Source.SetState("NODE2", SmbWitnessState.Unavailable);
        Assert.Equal(InvalidState, (await (await server.ConnectAsync()).RegisterAsync(WitnessServer.Name, WitnessServer.Second)).Status);
    }

    [Fact]
    public async Task A_registration_ends_once()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        Assert.Equal(0u, await client.UnRegisterAsync(handle));
        Assert.Empty(server.Witness.Registrations);
        Assert.Equal(InvalidParameter, await client.UnRegisterAsync(handle));
        Assert.Equal(NotFound, (await client.AsyncNotifyAsync(handle)).Status);
        Assert.Equal((InvalidParameter, handle), await client.UnRegisterExAsync(handle));
        var (_, second) = await client.RegisterAsync(WitnessServer.Name, WitnessServer.Second);
        Assert.Equal((0u, Guid.Empty), await client.UnRegisterExAsync(second));
        Assert.Equal(InvalidParameter, await client.UnRegisterAsync(Guid.Empty));
        Assert.Equal(RpcStatus.OperationRangeError, (await client.Connection.CallAsync(6, static _ => { })).Fault);
    }

    [Fact]
    public async Task A_client_that_waits_is_told_within_200_ms_of_the_change()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < 20; i++)
        {
            var waiting = client.AsyncNotifyAsync(handle);
            await server.UntilAsync(all => all is [{ IsWaiting: true }]);
            var state = i % 2 == 0 ? SmbWitnessState.Unavailable : SmbWitnessState.Available;
            var began = Stopwatch.GetTimestamp();
            server.Source.SetState("NODE2", state);
            var told = await waiting.WaitAsync(Soon);
            var took = Stopwatch.GetElapsedTime(began);
            slowest = took > slowest ? took : slowest;
            Assert.Equal((0u, 1u), (told.Status, told.Type));
            Assert.Equal([("NODE2", (uint)state)], told.Changes);
        }

        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task What_happens_while_nobody_waits_is_told_to_the_next_call_and_only_the_newest_of_each()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync(share: "docs", flags: 1);
        IPAddress[] first = [IPAddress.Parse(WitnessServer.First)];
        server.Source.SetState("NODE2", SmbWitnessState.Unavailable);
        server.Source.SetState("NODE2", SmbWitnessState.Available);
        server.Source.Publish(new SmbWitnessResourceChange(WitnessServer.Name, SmbWitnessState.Unavailable));
        server.Source.Publish(new SmbWitnessClientMove([IPAddress.Parse("192.0.2.9")]));
        server.Source.Publish(new SmbWitnessClientMove(first));
        server.Source.Publish(new SmbWitnessShareMove("docs", first));

        var changes = await client.AsyncNotifyAsync(handle);
        Assert.Equal([("NODE2", Available), (WitnessServer.Name, Unavailable)], changes.Changes);
        var move = await client.AsyncNotifyAsync(handle);
        Assert.Equal(2u, move.Type);
        Assert.Equal([(first[0], 0x9u)], move.Addresses);
        var share = await client.AsyncNotifyAsync(handle);
        Assert.Equal(3u, share.Type);
        Assert.Equal([(first[0], 0x9u)], share.Addresses);
        var addresses = await client.AsyncNotifyAsync(handle);
        Assert.Equal(4u, addresses.Type);
        Assert.Equal([(IPAddress.Parse(WitnessServer.Second), 0x9u), (IPAddress.Parse("2001:db8::2"), 0xAu)], addresses.Addresses);
        Assert.False(client.AsyncNotifyAsync(handle).IsCompleted);
    }

    [Fact]
    public async Task Only_those_who_registered_for_it_are_told()
    {
        await using var server = await WitnessServer.StartAsync();
        var (first, handle1) = await server.RegisterAsync(WitnessServer.First, client: "ONE");
        var (second, handle2) = await server.RegisterAsync(share: "docs", client: "TWO");
        var old = await server.ConnectAsync();
        var (_, handle3) = await old.RegisterAsync(WitnessServer.Name, WitnessServer.Second, "THREE");
        var to = IPAddress.Parse("192.0.2.3");

        server.Source.SetState("NODE1", SmbWitnessState.Unavailable);                                        // ONE
        server.Source.Publish(new SmbWitnessShareMove("DOCS", [to]));                                         // TWO
        server.Source.Publish(new SmbWitnessShareMove("docs", [to]) { ClientName = "one" });                  // nobody
        server.Source.Publish(new SmbWitnessClientMove([to]) { ClientName = "three" });                       // THREE
        server.Source.Publish(new SmbWitnessClientMove([to]) { From = IPAddress.Parse(WitnessServer.First) }); // ONE
        server.Source.Publish(new SmbWitnessResourceChange(WitnessServer.Second, SmbWitnessState.Unknown));   // TWO, THREE

        Assert.Equal([("NODE1", Unavailable)], (await first.AsyncNotifyAsync(handle1)).Changes);
        Assert.Equal(2u, (await first.AsyncNotifyAsync(handle1)).Type);
        Assert.Equal([(WitnessServer.Second, 0u)], (await second.AsyncNotifyAsync(handle2)).Changes);
        Assert.Equal(3u, (await second.AsyncNotifyAsync(handle2)).Type);
        Assert.Equal([(WitnessServer.Second, 0u)], (await old.AsyncNotifyAsync(handle3)).Changes);

        // Version 1 does not know whether an address can be used.
        var move = await old.AsyncNotifyAsync(handle3);
        Assert.Equal(2u, move.Type);
        Assert.Equal([(to, 1u)], move.Addresses);
        Task[] waiting = [first.AsyncNotifyAsync(handle1), second.AsyncNotifyAsync(handle2), old.AsyncNotifyAsync(handle3)];
        await server.UntilAsync(all => all.All(one => one.IsWaiting));
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
    }

    [Fact]
    public async Task A_registration_outlives_neither_its_address_nor_its_share()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var (other, shareHandle) = await server.RegisterAsync(WitnessServer.First, share: "docs");
        var waiting = other.AsyncNotifyAsync(shareHandle);
        server.Source.SetInterfaces([new SmbWitnessInterface("NODE1", IPAddress.Parse(WitnessServer.First))]);
        Assert.Equal([("NODE2", Unavailable)], (await client.AsyncNotifyAsync(handle)).Changes);
        Assert.Equal(NotFound, (await client.AsyncNotifyAsync(handle)).Status);
        Assert.Equal(InvalidParameter, await client.UnRegisterAsync(handle));
        Assert.False(waiting.IsCompleted);
        Assert.True(await server.Server.Shares.RemoveAsync("docs"));
        Assert.Equal(NotFound, (await waiting.WaitAsync(Soon)).Status);
        Assert.Empty(server.Witness.Registrations);
    }

    [Fact]
    public async Task A_call_ends_in_time_and_a_registration_that_nobody_uses_ends_by_itself()
    {
        var time = new FakeTimeProvider();
        await using var server = await WitnessServer.StartAsync(options =>
        {
            options.TimeProvider = time;
            options.Limits.IdleTimeout = null;
        });
        var (client, handle) = await server.RegisterAsync(keepAlive: 10);
        var (lasting, lastingHandle) = await server.RegisterAsync(keepAlive: uint.MaxValue);
        var longest = lasting.AsyncNotifyAsync(lastingHandle);
        var waiting = client.AsyncNotifyAsync(handle);
        await server.UntilAsync(all => all.All(one => one.IsWaiting));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimedOut, (await waiting.WaitAsync(Soon)).Status);
        await server.UntilAsync(all => all.Count(one => one.IsWaiting) == 1);
        for (var i = 0; i < 6; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
        }

        await server.UntilAsync(all => all is [{ IsWaiting: true }]);
        Assert.Equal(NotFound, (await client.AsyncNotifyAsync(handle)).Status);
        Assert.False(longest.IsCompleted);
    }

    [Fact]
    public async Task A_registration_ends_with_the_last_connection_of_its_association()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var beside = await server.ConnectAsync(group: client.Connection.Group);
        var waiting = beside.AsyncNotifyAsync(handle);
        await server.UntilAsync(all => all is [{ IsWaiting: true }]);
        await client.DisposeAsync();
        server.Source.SetState("NODE2", SmbWitnessState.Unavailable);
        Assert.Equal(0u, (await waiting.WaitAsync(Soon)).Status);
        await beside.DisposeAsync();
        await server.UntilAsync(all => all.Count == 0);
    }

    [Fact]
    public async Task Nobody_uses_the_handle_of_another()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var stranger = await server.ConnectAsync(WitnessServer.Bob);
        var joined = await server.ConnectAsync(WitnessServer.Bob, client.Connection.Group);
        foreach (var other in new[] { stranger, joined })
        {
            Assert.Equal(NotFound, (await other.AsyncNotifyAsync(handle)).Status);
            Assert.Equal(InvalidParameter, await other.UnRegisterAsync(handle));
        }

        Assert.Single(server.Witness.Registrations);
        Assert.Equal(0u, await client.UnRegisterAsync(handle));
    }

    [Fact]
    public async Task Only_signed_calls_of_users_are_answered()
    {
        await using var server = await WitnessServer.StartAsync(options => options.AllowAnonymous = options.AllowGuest = true);
        RpcTestCredentials?[] refused =
        [
            null,
            WitnessServer.Alice with { Level = RpcAuthLevel.Connect },
            WitnessServer.Alice with { Level = RpcAuthLevel.Packet },
            new RpcTestCredentials(string.Empty, string.Empty),
        ];
        foreach (var credentials in refused)
        {
            await using var client = await WitnessTestClient.ConnectAsync(server.Port, credentials);
            for (ushort opnum = 0; opnum < 6; opnum++)
            {
                var fault = await Assert.ThrowsAnyAsync<Exception>(() => FaultOfAsync(client, opnum));
                Assert.True(fault is RpcTestFaultException { Status: RpcStatus.AccessDenied } or EndOfStreamException, fault.ToString());
            }
        }

        Assert.Empty(server.Witness.Registrations);

        static async Task FaultOfAsync(WitnessTestClient client, ushort opnum)
        {
            var answer = await client.Connection.CallAsync(opnum, static stub => stub.WriteUInt32(0x10001));
            throw new RpcTestFaultException(answer.Fault);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wrong_password_is_refused(bool spnego)
    {
        await using var server = await WitnessServer.StartAsync();
        await using var connection = await RpcTestConnection.ConnectAsync(server.Port);
        var refusal = await connection.BindAsync(WitnessTestClient.Syntax, WitnessServer.Alice with { Password = "wrong", Spnego = spnego });
        if (spnego)
        {
            Assert.Equal(RpcPacketType.Fault, RpcTestConnection.TypeOf(refusal!));
            return;
        }

        // The last token of three has no answer: the next call is told.
        Assert.Null(refusal);
        Assert.Equal(RpcStatus.AccessDenied, (await connection.CallAsync(0, static _ => { })).Fault);
    }

    [Fact]
    public async Task Registrations_and_calls_that_wait_are_bounded()
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync();
        var handle = Guid.Empty;
        for (var i = 0; i < 256; i++)
        {
            (var ok, handle) = await client.RegisterAsync(WitnessServer.Name, WitnessServer.Second);
            Assert.Equal(0u, ok);
        }

        Assert.Equal(NoSystemResources, (await client.RegisterAsync(WitnessServer.Name, WitnessServer.Second)).Status);
        Assert.Equal(256, server.Witness.Registrations.Count);
        var waiting = Enumerable.Range(0, 4).Select(_ => client.AsyncNotifyAsync(handle)).ToArray();
        Assert.Equal(NoSystemResources, (await client.AsyncNotifyAsync(handle)).Status);
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        await client.DisposeAsync();
        await server.UntilAsync(all => all.Count == 0);
    }

    [Fact]
    public async Task Truncated_parameters_are_a_fault_and_register_nothing()
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync();
        using var whole = new Embedded.Rpc.Ndr.NdrWriter();
        whole.WriteUInt32(WitnessTestClient.Version2);
        foreach (var text in new[] { WitnessServer.Name, "docs", WitnessServer.Second, "C" })
        {
            whole.WritePointer();
            whole.WriteString(text);
        }

        whole.WriteUInt32(0);
        whole.WriteUInt32(0);
        var bytes = whole.Written.ToArray();
        for (var length = 0; length < bytes.Length; length += 3)
        {
            Assert.Equal(RpcStatus.BadStubData, (await client.Connection.CallAsync(4, stub => stub.WriteBytes(bytes.AsSpan(0, length)))).Fault);
        }

        Assert.Equal(RpcStatus.BadStubData, (await client.Connection.CallAsync(3, stub => stub.WriteBytes(new byte[19]))).Fault);
        Assert.Equal(RpcStatus.BadStubData, (await client.Connection.CallAsync(2, static _ => { })).Fault);
        Assert.Empty(server.Witness.Registrations);
    }

    [Fact]
    public async Task A_call_that_waits_can_be_cancelled_and_the_registration_goes_on()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var (id, answer) = client.Connection.Begin(3, stub => RpcHandleScope.Write(stub, handle));
        await server.UntilAsync(all => all is [{ IsWaiting: true }]);
        await client.Connection.CancelAsync(id);
        Assert.Equal(RpcStatus.Cancelled, (await answer.WaitAsync(Soon)).Fault);
        server.Source.SetState("NODE2", SmbWitnessState.Unavailable);
        Assert.Equal(0u, (await client.AsyncNotifyAsync(handle)).Status);
    }

    [Fact]
    public async Task The_end_of_the_server_ends_what_waits()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, handle) = await server.RegisterAsync();
        var waiting = client.AsyncNotifyAsync(handle);
        await server.UntilAsync(all => all is [{ IsWaiting: true }]);
        await server.Server.StopAsync().WaitAsync(Soon);
        await Assert.ThrowsAsync<EndOfStreamException>(() => waiting.WaitAsync(Soon));
        Assert.Empty(server.Witness.EndPoints);
        await server.Server.StartAsync();
        Assert.Empty(server.Witness.Registrations);
        Assert.Equal(0u, (await (await server.ConnectAsync()).RegisterAsync(WitnessServer.Name, WitnessServer.Second)).Status);
    }

    [Fact]
    public async Task A_user_who_is_removed_loses_the_registration()
    {
        await using var server = await WitnessServer.StartAsync();
        var (client, _) = await server.RegisterAsync();
        var bob = await server.ConnectAsync(WitnessServer.Bob);
        await server.Server.EndSessionsAsync("alice");
        await client.Connection.WhenEndedAsync().WaitAsync(Soon);
        await server.UntilAsync(all => all.Count == 0);
        Assert.Equal(0u, (await bob.GetInterfaceListAsync()).Status);
    }

    [Fact]
    public async Task Policies_of_logons_hold_here_for_mechanisms_by_user_network_and_end_point()
    {
        await using var server = await WitnessServer.StartAsync(options =>
        {
            options.Users.Add("carol", "pw");
            options.LogonPolicies.Add(new SmbLogonPolicy { Users = { "bob" }, Networks = { "127.0.0.0/8" }, Mechanisms = { "Kerberos" } });
            options.LogonPolicies.Add(new SmbLogonPolicy { Users = { "carol" }, EndPoints = { "127.0.0.1" }, Mechanisms = { "Kerberos" } });

            // These are not about alice here: another network, another port, and what only sessions can be asked for.
            options.LogonPolicies.Add(new SmbLogonPolicy { Networks = { "192.0.2.0/24" }, Mechanisms = { "Kerberos" } });
            options.LogonPolicies.Add(new SmbLogonPolicy { EndPoints = { "*:1" }, Mechanisms = { "Kerberos" } });
            options.LogonPolicies.Add(new SmbLogonPolicy { Users = { "alice" }, RequireEncryption = true });
        });
        Assert.Equal(0u, (await (await server.ConnectAsync(WitnessServer.Alice)).GetInterfaceListAsync()).Status);
        foreach (var user in new[] { "bob", "carol" })
        {
            var refused = await server.ConnectAsync(new RpcTestCredentials(user, "pw"));
            Assert.Equal(RpcStatus.AccessDenied, (await Assert.ThrowsAsync<RpcTestFaultException>(refused.GetInterfaceListAsync)).Status);
        }
    }

    [Fact]
    public async Task The_host_is_asked_about_logons_and_connections()
    {
        var hooks = new Doorkeeper();
        await using var server = await WitnessServer.StartAsync(options => options.Hooks = hooks);
        await using var alice = await WitnessTestClient.ConnectAsync(server.Port, WitnessServer.Alice);
        Assert.Equal(0u, (await alice.GetInterfaceListAsync()).Status);
        await using var bob = await WitnessTestClient.ConnectAsync(server.Port, WitnessServer.Bob);
        Assert.Equal(RpcStatus.AccessDenied, (await Assert.ThrowsAsync<RpcTestFaultException>(bob.GetInterfaceListAsync)).Status);
        hooks.IsClosed = true;
        await using var late = await RpcTestConnection.ConnectAsync(server.Port);
        await late.WhenEndedAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_host_that_does_not_answer_a_logon_does_not_keep_the_server_from_stopping()
    {
        var hooks = new Doorkeeper { Answer = new TaskCompletionSource<bool>() };
        await using var server = await WitnessServer.StartAsync(options => options.Hooks = hooks);
        await using var connection = await RpcTestConnection.ConnectAsync(server.Port);
        Assert.Null(await connection.BindAsync(WitnessTestClient.Syntax, WitnessServer.Alice));
        await hooks.Asked.Task.WaitAsync(Soon);
        await server.Server.StopAsync().WaitAsync(Soon);
        await connection.WhenEndedAsync().WaitAsync(Soon);
        hooks.Answer.SetResult(true);
    }

    private sealed class Doorkeeper : SmbServerHooks
    {
        public bool IsClosed { get; set; }

        public TaskCompletionSource<bool>? Answer { get; init; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override ValueTask<bool> OnConnectingAsync(SmbConnectionInfo connection, CancellationToken cancellationToken) => new(!IsClosed);

        public override ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            return Answer is null ? new(session.Identity.UserName == "alice" && session.Dialect == "RPC") : new(Answer.Task);
        }
    }
}
