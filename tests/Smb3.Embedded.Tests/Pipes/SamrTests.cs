using System.Buffers.Binary;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

public class SamrTests
{
    private const uint Maximum = 0x02000000;

    private static readonly RpcCaller Anonymous = new("", "") { IsAnonymous = true };

    /// <summary>The operations that read, and what else than their handle they take: enough of it for each.</summary>
    private static readonly Dictionary<ushort, (char Kind, byte[] Parameters)> Reading = new()
    {
        [3] = ('d', Numbers(7)),
        [5] = ('s', Name("SERVER")),
        [6] = ('s', Numbers(0, 1000)),
        [7] = ('s', [.. Numbers(Maximum), .. SidBytes(WellKnownSids.Builtin)]),
        [8] = ('d', Numbers(2)),
        [11] = ('d', Numbers(0, 1000)),
        [13] = ('d', Numbers(0, 0, 1000)),
        [15] = ('d', Numbers(0, 1000)),
        [16] = ('d', SidArray(WellKnownSids.AuthenticatedUsers)),
        [17] = ('d', Names("alice")),
        [18] = ('d', Numbers(1, 1000, 0, 1, 1000)),
        [19] = ('d', Numbers(Maximum, 2000)),
        [20] = ('g', Numbers(1)),
        [25] = ('g', []),
        [27] = ('b', Numbers(Maximum, 544)),
        [28] = ('a', Numbers(1)),
        [33] = ('a', []),
        [34] = ('d', Numbers(Maximum, 1000)),
        [36] = ('u', Numbers(21)),
        [39] = ('u', []),
        [40] = ('d', Numbers(1, 0, 100, 1000)),
        [41] = ('d', [.. Numbers(1), .. Name("b")]),
        [44] = ('u', []),
        [46] = ('d', Numbers(2)),
        [47] = ('u', Numbers(21)),
        [48] = ('d', Numbers(1, 0, 100, 1000)),
        [49] = ('d', [.. Numbers(1), .. Name("b")]),
        [51] = ('d', Numbers(1, 0, 100, 1000)),
        [65] = ('u', Numbers(1000)),
    };

    public static TheoryData<ushort> ReadingOperations => [.. Reading.Keys];

    public static TheoryData<ushort> WritingOperations =>
        [2, 9, 10, 12, 14, 21, 22, 23, 24, 26, 29, 30, 31, 32, 35, 37, 38, 45, 50, 52, 53, 58];

    [Theory]
    [MemberData(nameof(ReadingOperations))]
    public async Task AnOperationAnswersWhoHoldsItsHandleAndNobodyElse(ushort opnum)
    {
        using var sam = await Sam.OpenAsync();
        var (kind, rest) = Reading[opnum];
        var answer = await sam.Client.CallAsync(opnum, [.. sam.Handle(kind), .. rest]);
        Assert.Equal(NtStatus.Success, Status(answer));

        // A handle of another kind, one that is closed, and one that nobody has.
        foreach (var wrong in new[] { sam.Handle(kind == 's' ? 'd' : 's'), new byte[20], [0, 0, 0, 0, .. Guid.NewGuid().ToByteArray()] })
        {
            // Every object has a security descriptor, and the server no relative identifiers.
            var other = await sam.Client.SendAsync(PipeClient.RequestPdu(opnum, [.. wrong, .. rest]));
            if (opnum is 3 or 65 && PipeClient.Type(other) == RpcPacketType.Response)
            {
                Assert.Equal(opnum == 3 ? NtStatus.Success : NtStatus.ObjectTypeMismatch, Status(other));
                continue;
            }

            Assert.Equal(RpcStatus.ContextMismatch, PipeClient.FaultStatus(other));
        }

        await sam.Client.CallAsync(1, sam.Handle(kind));
        Assert.Equal(
            RpcStatus.ContextMismatch, PipeClient.FaultStatus(await sam.Client.SendAsync(PipeClient.RequestPdu(opnum, [.. sam.Handle(kind), .. rest]))));
    }

    [Theory]
    [MemberData(nameof(ReadingOperations))]
    public async Task AStubThatIsCutOffIsAFault(ushort opnum)
    {
        using var sam = await Sam.OpenAsync();
        var (kind, rest) = Reading[opnum];
        byte[] stub = [.. sam.Handle(kind), .. rest];

        // Classes are of two bytes, and were written as four.
        var shortest = rest.Length == 4 && opnum is 8 or 20 or 28 or 36 or 46 or 47 ? stub.Length - 2 : stub.Length;
        for (var length = 0; length < shortest; length++)
        {
            Assert.Equal(
                RpcStatus.BadStubData, PipeClient.FaultStatus(await sam.Client.SendAsync(PipeClient.RequestPdu(opnum, stub.AsSpan(0, length)))));
        }
    }

    /// <summary>A handle without the right that the operation takes (MS-SAMR 3.1.2.2).</summary>
    [Theory]
    [MemberData(nameof(ReadingOperations))]
    public async Task AHandleWithoutTheRightIsRefused(ushort opnum)
    {
        if (opnum is 44 or 65)
        {
            return; // they take none
        }

        var (kind, rest) = Reading[opnum];
        var most = new Dictionary<char, uint> { ['s'] = 0x00020031, ['d'] = 0x00020385, ['b'] = 0x00020385, ['g'] = 0x00020011, ['a'] = 0x0002000C, ['u'] = 0x0002035B }[kind];
        var refusals = 0;
        for (var bit = 0; bit < 18; bit++)
        {
            if ((most & (1u << bit)) == 0)
            {
                continue;
            }

            using var sam = await Sam.OpenAsync(narrowed: kind, access: most & ~(1u << bit));
            refusals += Status(await sam.Client.CallAsync(opnum, [.. sam.Handle(kind), .. rest])) == NtStatus.AccessDenied ? 1 : 0;
        }

        // The class of all fields gives those that the handle may read.
        Assert.Equal(opnum is 36 or 47 ? 0 : 1, refusals);
    }

    [Theory]
    [MemberData(nameof(WritingOperations))]
    public async Task NobodyChangesAnything(ushort opnum)
    {
        using var sam = await Sam.OpenAsync(PipeClient.Administrator);
        var kind = opnum switch { >= 21 and <= 26 => 'g', >= 29 and <= 32 or 52 or 53 => 'a', 35 or 37 or 38 or 58 => 'u', _ => 'd' };
        var before = (await sam.UserAsync(21)).Length;
        Assert.Equal(NtStatus.AccessDenied, Status(await sam.Client.CallAsync(opnum, [.. sam.Handle(kind), .. new byte[64]])));
        Assert.Equal(
            RpcStatus.ContextMismatch, PipeClient.FaultStatus(await sam.Client.SendAsync(PipeClient.RequestPdu(opnum, new byte[64]))));
        Assert.Equal(RpcStatus.BadStubData, PipeClient.FaultStatus(await sam.Client.SendAsync(PipeClient.RequestPdu(opnum, new byte[19]))));
        Assert.Equal(before, (await sam.UserAsync(21)).Length);
    }

    [Theory]
    [InlineData(54)]
    [InlineData(55)]
    [InlineData(66)]
    public async Task PasswordsAreNotChangedWithoutAHandleEither(ushort opnum)
    {
        using var sam = await Sam.OpenAsync(PipeClient.Administrator);
        Assert.Equal(NtStatus.AccessDenied, Status(await sam.Client.CallAsync(opnum, new byte[64])));
    }

    [Theory]
    [InlineData('s', 0x00000008)]
    [InlineData('d', 0x00000010)]
    [InlineData('d', 0x10000000)]
    [InlineData('g', 0x00000004)]
    [InlineData('a', 0x00000001)]
    [InlineData('u', 0x00000080)]
    [InlineData('u', 0x00010000)]
    [InlineData('u', 0x01000000)]
    [InlineData('u', 0x00000000)]
    public async Task NoHandleHasARightToChangeAnything(char kind, uint access)
    {
        using var sam = await Sam.OpenAsync(PipeClient.Administrator);
        var stub = kind switch
        {
            's' => await sam.Client.CallAsync(57, Numbers(0, access)),
            'd' => await sam.Client.CallAsync(7, [.. sam.Handle('s'), .. Numbers(access), .. SidBytes(FakePipeHost.Machine)]),
            'g' => await sam.Client.CallAsync(19, [.. sam.Handle('d'), .. Numbers(access, 2000)]),
            'a' => await sam.Client.CallAsync(27, [.. sam.Handle('b'), .. Numbers(access, 544)]),
            _ => await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(access, 1000)]),
        };
        Assert.Equal(NtStatus.AccessDenied, Status(stub));
        Assert.Equal(Guid.Empty, new Guid(stub.AsSpan(4, 16)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(57)]
    [InlineData(62)]
    [InlineData(64)]
    public async Task WhoIsNobodyGetsNoHandle(ushort opnum)
    {
        byte[] stub = opnum switch { 62 => Numbers(0, 2, Maximum), 64 => Numbers(0, Maximum, 1, 1, 3, 0), _ => Numbers(0, Maximum) };
        using var anonymous = await new PipeClient("samr", Anonymous).BindAsync(Sam.Interface, 1);
        Assert.Equal(NtStatus.AccessDenied, Status(await anonymous.CallAsync(opnum, stub)));
        using var user = await new PipeClient("samr").BindAsync(Sam.Interface, 1);
        Assert.Equal(NtStatus.Success, Status(await user.CallAsync(opnum, stub)));
        Assert.Equal(NtStatus.AccessDenied, Status(await anonymous.CallAsync(56, Numbers(0))));
        Assert.Equal(NtStatus.Success, Status(await user.CallAsync(56, Numbers(0))));
    }

    [Fact]
    public async Task ListsCanBeForAdministratorsAlone()
    {
        var host = new FakePipeHost { OnlyAdministratorsSeeAccounts = true };
        using var user = await new PipeClient("samr", host: host).BindAsync(Sam.Interface, 1);
        Assert.Equal(NtStatus.AccessDenied, Status(await user.CallAsync(57, Numbers(0, Maximum))));
        using var sam = await Sam.OpenAsync(PipeClient.Administrator, host);
        var stub = await sam.Client.CallAsync(3, [.. sam.Handle('u'), .. Numbers(7)]);
        Assert.Equal(NtStatus.Success, SecurityDescriptor.Read(stub.AsSpan(16, stub.Length - 20), out var descriptor));
        Assert.Equal([WellKnownSids.Administrators], descriptor!.Dacl!.Entries.Select(entry => entry.Sid));
    }

    [Fact]
    public async Task AHandleIsOnlyItsUsers()
    {
        var registry = PipeClient.Registry();
        using var sam = await Sam.OpenAsync(registry: registry);
        using var other = await new PipeClient("samr", new RpcCaller("eve", "SERVER") { SessionId = 9 }, registry: registry)
            .BindAsync(Sam.Interface, 1);
        Assert.Equal(RpcStatus.ContextMismatch, PipeClient.FaultStatus(await other.SendAsync(PipeClient.RequestPdu(39, sam.Handle('u')))));
    }

    [Fact]
    public async Task HandlesAreBounded()
    {
        using var sam = await Sam.OpenAsync();
        var status = NtStatus.Success;
        for (var i = 0; i < new RpcLimits().MaxHandles && status == NtStatus.Success; i++)
        {
            status = Status(await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(Maximum, 1000)]));
        }

        Assert.Equal(NtStatus.InsufficientResources, status);
        await sam.Client.CallAsync(1, sam.Handle('g'));
        Assert.Equal(NtStatus.Success, Status(await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(Maximum, 1000)])));
    }

    [Fact]
    public async Task AnEnumerationGoesOnWhereItStoppedWhateverComesAndGoes()
    {
        var host = new FakePipeHost();
        for (uint i = 0; i < 50; i++)
        {
            host.Users.Add(new PipeUser(FakePipeHost.User(1100 + i, $"user{i}"), []));
        }

        using var sam = await Sam.OpenAsync(host: host);
        var seen = new List<string>();
        var (context, status) = (0u, NtStatus.MoreEntries);
        for (var calls = 0; status == NtStatus.MoreEntries; calls++)
        {
            (var names, context, status) = ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(context, 0, 100)]));
            Assert.InRange(names.Length, 1, 5);
            seen.AddRange(names);
            if (calls == 3)
            {
                host.Users.RemoveAll(user => user.Account.Name is "alice" or "user0");
                host.Users.Add(new PipeUser(FakePipeHost.User(1050, "late"), []));
            }
        }

        Assert.Equal(NtStatus.Success, status);
        Assert.Equal(52, seen.Count);
        Assert.Equal(52, seen.Distinct().Count());

        // Even with room for nothing there is one entry, so that a client gets on.
        Assert.Single(ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(0, 0, 0)])).Names);
        Assert.Empty(ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(uint.MaxValue, 0, 1000)])).Names);
    }

    [Fact]
    public async Task AListIsNeverLongerThanAClientMayLeaveUnread()
    {
        var host = new FakePipeHost();
        for (uint i = 0; i < 30_000; i++)
        {
            host.Users.Add(new PipeUser(FakePipeHost.User(10_000 + i, $"user{i:D40}"), []));
        }

        using var sam = await Sam.OpenAsync(host: host);
        var stub = await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(0, 0, uint.MaxValue)]);
        Assert.Equal(NtStatus.MoreEntries, Status(stub));
        Assert.InRange(stub.Length, 900_000, 2_000_000);
        stub = await sam.Client.CallAsync(51, [.. sam.Handle('d'), .. Numbers(1, 0, uint.MaxValue, uint.MaxValue)]);
        Assert.Equal(NtStatus.MoreEntries, Status(stub));
        Assert.InRange(stub.Length, 900_000, 2_000_000);
    }

    [Theory]
    [InlineData(11, 'd', new[] { "None", "staff" })]
    [InlineData(11, 'b', new string[0])]
    [InlineData(15, 'd', new string[0])]
    public async Task EachDomainHasItsOwnLists(ushort opnum, char domain, string[] expected)
    {
        using var sam = await Sam.OpenAsync();
        Assert.Equal(expected, ReadNames(await sam.Client.CallAsync(opnum, [.. sam.Handle(domain), .. Numbers(0, 10_000)])).Names);
    }

    [Fact]
    public async Task UsersAreFilteredByControl()
    {
        using var sam = await Sam.OpenAsync();
        Assert.Equal(["Bob"], ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(0, 1, 1000)])).Names);
        Assert.Equal(["alice", "Bob"], ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(0, 0x10, 1000)])).Names);
    }

    [Fact]
    public async Task NamesAndIdentifiersAreTranslated()
    {
        using var sam = await Sam.OpenAsync();
        var stub = await sam.Client.CallAsync(17, [.. sam.Handle('d'), .. Names("ALICE", "staff", "nobody", "")]);
        Assert.Equal(NtStatus.SomeNotMapped, Status(stub));
        Assert.Equal([4, 0x20000, 4, 1000, 2000, 0, 0, 4, 0x20004, 4, 1, 2, 8, 8], Words(stub[..^4]));
        Assert.Equal(NtStatus.NoneMapped, Status(await sam.Client.CallAsync(17, [.. sam.Handle('b'), .. Names("alice")])));
        Assert.Equal(NtStatus.NoneMapped, Status(await sam.Client.CallAsync(18, [.. sam.Handle('d'), .. Numbers(1, 1000, 0, 1, 544)])));
        stub = await sam.Client.CallAsync(18, [.. sam.Handle('b'), .. Numbers(2, 1000, 0, 2, 544, 1)]);
        Assert.Equal(NtStatus.SomeNotMapped, Status(stub));
        Assert.Contains("Administrators", Encoding.Unicode.GetString(stub), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1001u, 1000u, 0u, 1001u)]
    [InlineData(uint.MaxValue, 1000u, 0u, uint.MaxValue)]
    [InlineData(1u, 1000u, 1u, 1u)]
    [InlineData(1u, 1000u, 0u, 2u)]
    [InlineData(1u, 1u, 0u, 1u)]
    public async Task CountsThatCannotBeAreFaults(uint count, uint room, uint offset, uint actual)
    {
        using var sam = await Sam.OpenAsync();
        foreach (ushort opnum in new ushort[] { 17, 18 })
        {
            var stub = PipeClient.RequestPdu(opnum, [.. sam.Handle('d'), .. Numbers(count, room, offset, actual), .. new byte[4000]]);
            Assert.Equal(RpcStatus.BadStubData, PipeClient.FaultStatus(await sam.Client.SendAsync(stub)));
        }

        Assert.Equal(
            RpcStatus.BadStubData,
            PipeClient.FaultStatus(await sam.Client.SendAsync(PipeClient.RequestPdu(16, [.. sam.Handle('b'), .. Numbers(1025, 1, 1025), .. new byte[4096]]))));
    }

    [Fact]
    public async Task MembershipIsToldFromBothSides()
    {
        using var sam = await Sam.OpenAsync();
        var stub = await sam.Client.CallAsync(39, sam.Handle('u'));
        Assert.Equal([0x20000, 2, 0x20004, 2, 513, 7, 2000, 7, 0], Words(stub));
        stub = await sam.Client.CallAsync(25, sam.Handle('g'));
        Assert.Equal([0x20000, 2, 0x20004, 0x20008, 2, 1000, 1001, 2, 7, 7, 0], Words(stub));
        stub = await sam.Client.CallAsync(33, sam.Handle('a'));
        Assert.Equal(1u, Words(stub)[0]);
        Assert.True(stub.AsSpan().IndexOf(Bytes(FakePipeHost.Machine.WithRid(1000))) > 0);

        // Alice is an administrator; everybody who has logged on is a user.
        stub = await sam.Client.CallAsync(16, [.. sam.Handle('b'), .. SidArray(FakePipeHost.Machine.WithRid(1000), WellKnownSids.AuthenticatedUsers)]);
        Assert.Equal([2, 0x20000, 2, 544, 545, 0], Words(stub));
        Assert.Equal([0, 0, 0], Words(await sam.Client.CallAsync(16, [.. sam.Handle('b'), .. Numbers(0, 0)])));
    }

    [Fact]
    public async Task EveryClassOfAUserIsAnswered()
    {
        using var sam = await Sam.OpenAsync();
        foreach (ushort wanted in Enumerable.Range(0, 40))
        {
            var stub = await sam.UserAsync(wanted);
            if (wanted is (>= 1 and <= 14) or 16 or 17 or 20 or 21)
            {
                Assert.Equal((wanted, NtStatus.Success), (wanted, Status(stub)));
                Assert.Equal(wanted, BinaryPrimitives.ReadUInt16LittleEndian(stub.AsSpan(4)));
            }
            else
            {
                // Those that hold passwords are among them.
                Assert.Equal((wanted, NtStatus.InvalidInfoClass, 8), (wanted, Status(stub), stub.Length));
            }
        }
    }

    [Fact]
    public async Task AllFieldsAreThoseThatTheHandleMayRead()
    {
        const int FieldsAt = 8 + 48 + 80 + 24 + 8 + 12;
        using var sam = await Sam.OpenAsync();
        Assert.Equal(0x00FB27FFu, BinaryPrimitives.ReadUInt32LittleEndian((await sam.UserAsync(21)).AsSpan(FieldsAt)));
        using var logon = await Sam.OpenAsync(narrowed: 'u', access: 0x8);
        var stub = await logon.UserAsync(21);
        Assert.Equal(0x000327C0u, BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(FieldsAt)));
        Assert.DoesNotContain("alice", Encoding.Unicode.GetString(stub), StringComparison.OrdinalIgnoreCase);
        using var none = await Sam.OpenAsync(narrowed: 'u', access: 0x100);
        Assert.Equal(NtStatus.AccessDenied, Status(await none.UserAsync(21)));
    }

    [Fact]
    public async Task AUserOfAnotherDomainOfTheStoreIsNoneOfThisOne()
    {
        var host = new FakePipeHost();
        host.Users.Add(new PipeUser(new PipeAccount(FakePipeHost.Machine.WithRid(3000), "carol", "EAST", FakePipeHost.Machine, SidNameUse.User), []));
        using var sam = await Sam.OpenAsync(host: host);
        Assert.Equal(["alice", "Bob"], ReadNames(await sam.Client.CallAsync(13, [.. sam.Handle('d'), .. Numbers(0, 0, 1000)])).Names);
        Assert.Equal(NtStatus.NoneMapped, Status(await sam.Client.CallAsync(17, [.. sam.Handle('d'), .. Names("carol")])));
        Assert.Equal(NtStatus.NoSuchUser, Status(await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(Maximum, 3000)])));
    }

    [Fact]
    public async Task AUserWhoIsGoneIsNobody()
    {
        var host = new FakePipeHost();
        using var sam = await Sam.OpenAsync(host: host);
        host.Users.RemoveAt(0);
        Assert.Equal(NtStatus.NoSuchUser, Status(await sam.UserAsync(1)));
        Assert.Equal(NtStatus.NoSuchUser, Status(await sam.Client.CallAsync(39, sam.Handle('u'))));
        Assert.Equal(NtStatus.NoSuchUser, Status(await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(Maximum, 1000)])));
        Assert.Equal(NtStatus.NoSuchUser, Status(await sam.Client.CallAsync(34, [.. sam.Handle('d'), .. Numbers(Maximum, 2000)])));
        Assert.Equal(NtStatus.NoSuchGroup, Status(await sam.Client.CallAsync(19, [.. sam.Handle('d'), .. Numbers(Maximum, 1001)])));
        Assert.Equal(NtStatus.NoSuchAlias, Status(await sam.Client.CallAsync(27, [.. sam.Handle('b'), .. Numbers(Maximum, 1)])));
        Assert.Equal(
            NtStatus.NoSuchDomain,
            Status(await sam.Client.CallAsync(7, [.. sam.Handle('s'), .. Numbers(Maximum), .. SidBytes(Sid.Parse("S-1-5-21-9-9-9"))])));
        Assert.Equal(NtStatus.NoSuchDomain, Status(await sam.Client.CallAsync(5, [.. sam.Handle('s'), .. Name("ELSEWHERE")])));
    }

    [Theory]
    [InlineData(1, 2, NtStatus.Success)]
    [InlineData(2, 0, NtStatus.Success)]
    [InlineData(3, 2, NtStatus.Success)]
    [InlineData(4, 2, NtStatus.Success)]
    [InlineData(5, 2, NtStatus.Success)]
    [InlineData(0, 0, NtStatus.InvalidInfoClass)]
    [InlineData(6, 0, NtStatus.InvalidInfoClass)]
    public async Task DisplayListsAreInTheOrderOfNames(uint kind, uint count, NtStatus expected)
    {
        using var sam = await Sam.OpenAsync();
        var stub = await sam.Client.CallAsync(51, [.. sam.Handle('d'), .. Numbers(kind, 0, 100, 10_000)]);
        Assert.Equal(expected, Status(stub));
        if (expected != NtStatus.Success)
        {
            return;
        }

        Assert.Equal(count, BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(12)));
        stub = await sam.Client.CallAsync(51, [.. sam.Handle('d'), .. Numbers(kind, 0, 1, 10_000)]);
        Assert.Equal(count > 1 ? NtStatus.MoreEntries : NtStatus.Success, Status(stub));
        stub = await sam.Client.CallAsync(51, [.. sam.Handle('d'), .. Numbers(kind, uint.MaxValue, 1, 10_000)]);
        Assert.Equal((NtStatus.Success, 0u), (Status(stub), BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(12))));
    }

    [Fact]
    public async Task APrefixIsFoundInADisplayList()
    {
        using var sam = await Sam.OpenAsync();
        Assert.Equal([1, 0], Words(await sam.Client.CallAsync(49, [.. sam.Handle('d'), .. Numbers(1), .. Name("bo")])));
        Assert.Equal(NtStatus.NoMoreEntries, Status(await sam.Client.CallAsync(49, [.. sam.Handle('d'), .. Numbers(1), .. Name("zz")])));
    }

    [Fact]
    public async Task ADomainAnswersEveryClassThatThereIs()
    {
        using var sam = await Sam.OpenAsync();
        foreach (ushort wanted in Enumerable.Range(0, 20))
        {
            var stub = await sam.Client.CallAsync(46, [.. sam.Handle('d'), .. Numbers(wanted)]);
            Assert.Equal((wanted, wanted is (>= 1 and <= 9) or (>= 11 and <= 13) ? NtStatus.Success : NtStatus.InvalidInfoClass), (wanted, Status(stub)));
        }
    }

    private static NtStatus Status(byte[] stub)
    {
        if (stub[0] == 5 && stub.Length > 24 && stub[2] == (byte)RpcPacketType.Response)
        {
            stub = stub[24..]; // with its header
        }

        return (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(stub.Length - 4));
    }

    private static uint[] Words(byte[] stub) =>
        [.. Enumerable.Range(0, stub.Length / 4).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(4 * i)))];

    private static (string[] Names, uint Context, NtStatus Status) ReadNames(byte[] stub)
    {
        var reader = new NdrReader(stub);
        var context = reader.ReadUInt32();
        Assert.True(reader.ReadPointer());
        var count = reader.ReadUInt32();
        if (reader.ReadPointer())
        {
            Assert.Equal(count, reader.ReadUInt32());
        }

        var inline = new NdrUnicodeString[count];
        for (var i = 0; i < count; i++)
        {
            reader.ReadUInt32();
            inline[i] = reader.ReadUnicodeString();
        }

        var names = new string[count];
        for (var i = 0; i < count; i++)
        {
            names[i] = reader.ReadUnicodeStringBuffer(inline[i])!;
        }

        Assert.Equal(count, reader.ReadUInt32());
        var status = (NtStatus)reader.ReadUInt32();
        Assert.Equal((false, 0), (reader.Failed, reader.Remaining));
        return (names, context, status);
    }

    private static byte[] Numbers(params ReadOnlySpan<uint> values)
    {
        using var writer = new NdrWriter();
        foreach (var value in values)
        {
            writer.WriteUInt32(value);
        }

        return writer.Written.ToArray();
    }

    private static byte[] Name(string name)
    {
        using var writer = new NdrWriter();
        writer.WriteUnicodeString(name);
        writer.WriteUnicodeStringBuffer(name);
        return writer.Written.ToArray();
    }

    private static byte[] Names(params string[] names)
    {
        using var writer = new NdrWriter();
        writer.WriteUInt32((uint)names.Length);
        writer.WriteUInt32(1000);
        writer.WriteUInt32(0);
        writer.WriteUInt32((uint)names.Length);
        foreach (var name in names)
        {
            writer.WriteUnicodeString(name);
        }

        foreach (var name in names)
        {
            writer.WriteUnicodeStringBuffer(name);
        }

        return writer.Written.ToArray();
    }

    private static byte[] SidBytes(Sid sid)
    {
        using var writer = new NdrWriter();
        writer.WriteSid(sid);
        return writer.Written.ToArray();
    }

    private static byte[] Bytes(Sid sid)
    {
        var bytes = new byte[sid.BinaryLength];
        sid.WriteTo(bytes);
        return bytes;
    }

    private static byte[] SidArray(params Sid[] sids)
    {
        using var writer = new NdrWriter();
        writer.WriteUInt32((uint)sids.Length);
        writer.WritePointer();
        writer.WriteUInt32((uint)sids.Length);
        foreach (var _ in sids)
        {
            writer.WritePointer();
        }

        foreach (var sid in sids)
        {
            writer.WriteSid(sid);
        }

        return writer.Written.ToArray();
    }

    /// <summary>A client with a handle of each kind: of the server, both domains, a user, a group and a local group.</summary>
    private sealed class Sam : IDisposable
    {
        public static readonly Guid Interface = new("12345778-1234-abcd-ef00-0123456789ac");

        private readonly Dictionary<char, byte[]> _handles = [];

        private Sam(PipeClient client) => Client = client;

        public PipeClient Client { get; }

        /// <param name="caller">Who.</param>
        /// <param name="host">Where.</param>
        /// <param name="narrowed">The kind of handle that is not opened with everything.</param>
        /// <param name="access">What it is opened with.</param>
        /// <param name="registry">The pipes, where there are some already.</param>
        public static async Task<Sam> OpenAsync(
            RpcCaller? caller = null, FakePipeHost? host = null, char narrowed = ' ', uint access = Maximum, Smb3.Embedded.Pipes.PipeRegistry? registry = null)
        {
            var client = await new PipeClient("samr", caller, host, registry).BindAsync(Interface, 1);
            var sam = new Sam(client);
            await sam.AddAsync('s', 57, Numbers(0, Access('s')));
            if (narrowed == 's')
            {
                return sam;
            }

            await sam.AddAsync('d', 7, [.. sam.Handle('s'), .. Numbers(Access('d')), .. SidBytes(FakePipeHost.Machine)]);
            await sam.AddAsync('b', 7, [.. sam.Handle('s'), .. Numbers(Access('b')), .. SidBytes(WellKnownSids.Builtin)]);
            if (narrowed is 'd' or 'b')
            {
                return sam;
            }

            await sam.AddAsync('u', 34, [.. sam.Handle('d'), .. Numbers(Access('u'), 1000)]);
            await sam.AddAsync('g', 19, [.. sam.Handle('d'), .. Numbers(Access('g'), 2000)]);
            await sam.AddAsync('a', 27, [.. sam.Handle('b'), .. Numbers(Access('a'), 544)]);
            return sam;

            uint Access(char kind) => kind == narrowed ? access : Maximum;
        }

        public byte[] Handle(char kind) => _handles[kind];

        public Task<byte[]> UserAsync(ushort wanted) => Client.CallAsync(47, [.. Handle('u'), .. Numbers(wanted)]);

        public void Dispose() => Client.Dispose();

        private async Task AddAsync(char kind, ushort opnum, byte[] stub)
        {
            var answer = await Client.CallAsync(opnum, stub);
            Assert.Equal(NtStatus.Success, Status(answer));
            _handles.Add(kind, answer[..20]);
        }
    }
}
