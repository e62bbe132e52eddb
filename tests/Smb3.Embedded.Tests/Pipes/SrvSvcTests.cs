using System.Buffers.Binary;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.NetApi;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

public class SrvSvcTests
{
    internal static byte[] ShareEnumStub(uint level, uint preferredLength = uint.MaxValue, uint? resume = 0) =>
        EnumStub(level, preferredLength, resume, strings: 0);

    private static byte[] EnumStub(uint level, uint preferredLength, uint? resume, int strings)
    {
        using var stub = new NdrWriter();
        for (var i = 0; i <= strings; i++)
        {
            stub.WriteNull();
        }

        stub.WriteUInt32(level);
        stub.WriteUInt32(level);
        stub.WritePointer();
        stub.WriteUInt32(0);
        stub.WriteNull();
        stub.WriteUInt32(preferredLength);
        stub.WritePointer(resume is not null);
        if (resume is not null)
        {
            stub.WriteUInt32(resume.Value);
        }

        return stub.Written.ToArray();
    }

    private static byte[] GetInfoStub(string name, uint level)
    {
        using var stub = new NdrWriter();
        stub.WriteNull();
        stub.WriteString(name);
        stub.WriteUInt32(level);
        return stub.Written.ToArray();
    }

    private static NetApiStatus Status(byte[] stub) => (NetApiStatus)BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(stub.Length - 4));

    [Fact]
    public async Task ShareEnumLevel1IsMarshalledAsClientsReadIt()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(
            "0100000001000000000002000300000004000200030000000800020000000000"
            + "0C00020010000200000000001400020018000200030000801C000200"
            + "0700000000000000070000004200610063006B00750070000000" + "0000" + "010000000000000001000000" + "00000000"
            + "050000000000000005000000640065006D006F0000000000" + "07000000000000000700000041002000640065006D006F0000000000"
            + "05000000000000000500000049005000430024000000" + "0000"
            + "0B000000000000000B000000520065006D006F0074006500200049005000430000000000"
            + "03000000" + "20000200" + "00000000" + "00000000",
            Convert.ToHexString(await client.CallAsync(15, ShareEnumStub(1))));
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 12)]
    [InlineData(2, 32)]
    [InlineData(501, 16)]
    [InlineData(502, 40)]
    [InlineData(503, 44)]
    public async Task EveryLevelHasTheMembersOfItsStructure(uint level, int size)
    {
        var host = new FakePipeHost();
        host.Shares.RemoveRange(1, 2);
        using var client = await new PipeClient("srvsvc", host: host).BindAsync();
        var stub = await client.CallAsync(15, ShareEnumStub(level));

        // Level, discriminant, pointer, count 1, pointer, conformance 1, structure; then the first pointee, the name.
        Assert.Equal([level, level, 0x20000, 1, 0x20004, 1], Enumerable.Range(0, 6).Select(i => UInt32(stub, i * 4)));
        Assert.Equal([5, 0, 5], Enumerable.Range(0, 3).Select(i => UInt32(stub, 24 + size + (i * 4))));
        Assert.Equal(NetApiStatus.Success, Status(stub));
    }

    [Fact]
    public async Task AnEnumerationResumesWhereThePreferredLengthEndedIt()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(NetApiStatus.BufferTooSmall, Status(await client.CallAsync(15, ShareEnumStub(0, 5))));

        // "Backup" counts 18 bytes, "demo" 14, "IPC$" 14.
        var first = await client.CallAsync(15, ShareEnumStub(0, 35));
        Assert.Equal(NetApiStatus.MoreData, Status(first));
        Assert.Equal((2u, 3u, 2u), (UInt32(first, 12), UInt32(first, first.Length - 16), UInt32(first, first.Length - 8)));
        var second = await client.CallAsync(15, ShareEnumStub(0, 35, resume: 2));
        Assert.Equal(NetApiStatus.Success, Status(second));
        Assert.Equal((1u, 1u, 0u), (UInt32(second, 12), UInt32(second, second.Length - 16), UInt32(second, second.Length - 8)));
        Assert.Equal(0u, UInt32(await client.CallAsync(15, ShareEnumStub(0, resume: uint.MaxValue)), 12));
    }

    [Fact]
    public async Task StickySharesLeaveOutTheSpecialOnes()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(2u, UInt32(await client.CallAsync(36, ShareEnumStub(1)), 12));
    }

    [Theory]
    [InlineData("DEMO", 1, NetApiStatus.Success)]
    [InlineData("demo", 1005, NetApiStatus.Success)]
    [InlineData("demo", 1004, NetApiStatus.InvalidLevel)]
    [InlineData("nix", 1, NetApiStatus.NetNameNotFound)]
    public async Task ShareGetInfoSaysWhatIsThere(string name, uint level, object status)
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(status, Status(await client.CallAsync(16, GetInfoStub(name, level))));
    }

    [Fact]
    public async Task AnUnknownEnumLevelIsInvalid()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(NetApiStatus.InvalidLevel, Status(await client.CallAsync(15, ShareEnumStub(77))));
    }

    [Theory]
    [InlineData(12, 502, 2)]
    [InlineData(8, 1, 1)]
    [InlineData(9, 3, 2)]
    public async Task SessionsAndOpensAreForAdministrators(ushort opnum, uint level, int strings)
    {
        using var user = await new PipeClient("srvsvc").BindAsync();
        using var administrator = await new PipeClient("srvsvc", PipeClient.Administrator).BindAsync();
        var stub = EnumStub(level, uint.MaxValue, 0, strings);
        Assert.Equal(NetApiStatus.AccessDenied, Status(await user.CallAsync(opnum, stub)));
        Assert.NotEqual(NetApiStatus.AccessDenied, Status(await administrator.CallAsync(opnum, stub)));
    }

    [Fact]
    public async Task AnonymousCallersSeeNamesButNoDetails()
    {
        using var client = await new PipeClient("srvsvc", new RpcCaller("", "") { IsAnonymous = true }).BindAsync();
        Assert.Equal(NetApiStatus.Success, Status(await client.CallAsync(15, ShareEnumStub(1))));
        Assert.Equal(NetApiStatus.AccessDenied, Status(await client.CallAsync(15, ShareEnumStub(502))));
        Assert.Equal(NetApiStatus.AccessDenied, Status(await client.CallAsync(16, GetInfoStub("demo", 2))));
    }

    [Theory]
    [InlineData(14)]
    [InlineData(17)]
    [InlineData(18)]
    public async Task SharesAreNotChangedFromHere(ushort opnum)
    {
        using var client = await new PipeClient("srvsvc", PipeClient.Administrator).BindAsync();
        Assert.Equal(NetApiStatus.AccessDenied, Status(await client.CallAsync(opnum, [])));
    }

    [Fact]
    public async Task TheTimeOfDayIsInUtc()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2024, 2, 29, 13, 14, 15, 160, TimeSpan.Zero));
        using var client = await new PipeClient("srvsvc", host: new FakePipeHost { TimeProvider = time }).BindAsync();
        var stub = await client.CallAsync(28, new byte[4]);
        Assert.Equal(
            [1709212455, 5_400_000, 13, 14, 15, 16, 0, 310, 29, 2, 2024, 4, 0],
            Enumerable.Range(1, 13).Select(i => UInt32(stub, i * 4)));
    }

    private static uint UInt32(byte[] stub, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(offset));

    [Theory]
    [InlineData(16, 1004, true)]
    [InlineData(16, 1006, true)]
    [InlineData(16, 1501, true)]
    [InlineData(16, 77, false)]
    [InlineData(21, 103, true)]
    [InlineData(21, 502, true)]
    [InlineData(21, 599, true)]
    [InlineData(21, 1107, true)]
    [InlineData(21, 1556, true)]
    [InlineData(21, 1551, false)]
    public async Task ALevelThatIsNotToldHasTheArmThatItsUnionGivesIt(ushort opnum, uint level, bool hasArm)
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        using var stub = new NdrWriter();
        stub.WriteNull();
        if (opnum == 16)
        {
            stub.WriteString("demo");
        }

        stub.WriteUInt32(level);
        var answer = await client.CallAsync(opnum, stub.Written.ToArray());
        Assert.Equal((hasArm ? 12 : 8, level), (answer.Length, BinaryPrimitives.ReadUInt32LittleEndian(answer)));
        Assert.Equal(NetApiStatus.InvalidLevel, Status(answer));
        Assert.True(!hasArm || BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(4)) == 0);
    }

    [Theory]
    [InlineData(502, 12)]
    [InlineData(1013, 12)]
    [InlineData(1046, 12)]
    [InlineData(77, 8)]
    public async Task SoDoWorkstationLevels(uint level, int length)
    {
        using var client = await new PipeClient("wkssvc").BindAsync(new Guid("6bffd098-a112-3610-9833-46c3f87e345a"), 1);
        using var stub = new NdrWriter();
        stub.WriteNull();
        stub.WriteUInt32(level);
        var answer = await client.CallAsync(0, stub.Written.ToArray());
        Assert.Equal((length, NetApiStatus.InvalidLevel), (answer.Length, Status(answer)));
    }
}
