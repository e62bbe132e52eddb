using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

public class LsaRpcTests
{
    internal static byte[] OpenPolicyStub(uint access)
    {
        var stub = new byte[32];
        BinaryPrimitives.WriteUInt32LittleEndian(stub.AsSpan(28), access);
        return stub;
    }

    private static NtStatus Status(byte[] stub) => (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(stub.Length - 4));

    private static async Task<(PipeClient Client, byte[] Handle)> OpenAsync(RpcCaller? caller = null)
    {
        var client = await new PipeClient("lsarpc", caller).BindAsync(PipeClient.LsaRpc, 0);
        var stub = await client.CallAsync(44, OpenPolicyStub(0x02000000));
        Assert.Equal(NtStatus.Success, Status(stub));
        return (client, stub[..20]);
    }

    private static byte[] LookupSidsStub(byte[] handle, params Sid[] sids)
    {
        using var stub = new NdrWriter();
        stub.WriteBytes(handle);
        stub.WriteUInt32((uint)sids.Length);
        stub.WritePointer();
        stub.WriteUInt32((uint)sids.Length);
        foreach (var _ in sids)
        {
            stub.WritePointer();
        }

        foreach (var sid in sids)
        {
            stub.WriteSid(sid);
        }

        stub.WriteUInt32(0);
        stub.WriteNull();
        stub.WriteUInt16(1);
        stub.WriteUInt32(0);
        stub.WriteUInt32(0);
        stub.WriteUInt32(2);
        return stub.Written.ToArray();
    }

    [Theory]
    [InlineData("S-1-1-0", "", "Everyone", 5)]
    [InlineData("S-1-3-0", "", "CREATOR OWNER", 5)]
    [InlineData("S-1-5-18", "NT AUTHORITY", "SYSTEM", 5)]
    [InlineData("S-1-5-32-544", "BUILTIN", "Administrators", 4)]
    [InlineData("S-1-5-21-1-2-3-1000", "SERVER", "alice", 1)]
    [InlineData("S-1-5-21-1-2-3", "SERVER", "SERVER", 3)]
    [InlineData("S-1-5-21-1-2-3-513", "SERVER", "None", 2)]
    public async Task ASidIsTranslatedToItsName(string sid, string domain, string name, int use)
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        var stub = await client.CallAsync(57, LookupSidsStub(handle, Sid.Parse(sid)));
        Assert.Equal((domain, name, use, NtStatus.Success), ReadOne(stub));
    }

    [Fact]
    public async Task WhatIsNotMappedIsShownAsText()
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        var unknown = Sid.Parse("S-1-5-21-9-9-9-9");
        var stub = await client.CallAsync(57, LookupSidsStub(handle, unknown));
        Assert.Equal(NtStatus.NoneMapped, Status(stub));
        stub = await client.CallAsync(57, LookupSidsStub(handle, WellKnownSids.Everyone, unknown));
        Assert.Equal(NtStatus.SomeNotMapped, Status(stub));
        Assert.Contains("S-1-5-21-9-9-9-9", System.Text.Encoding.Unicode.GetString(stub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHandleThatIsClosedOrMadeUpIsAMismatch()
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        await client.CallAsync(0, handle);
        Assert.Equal(RpcStatus.ContextMismatch, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(0, handle))));
        var lookup = PipeClient.RequestPdu(57, LookupSidsStub(handle, WellKnownSids.Everyone));
        Assert.Equal(RpcStatus.ContextMismatch, PipeClient.FaultStatus(await client.SendAsync(lookup)));
    }

    [Theory]
    [InlineData(0x00000800, false, NtStatus.Success)]
    [InlineData(0x20000000, false, NtStatus.Success)]
    [InlineData(0x00000008, false, NtStatus.AccessDenied)]
    [InlineData(0x00000008, true, NtStatus.Success)]
    public async Task APolicyOpensWithTheRightsThatTheCallerHas(uint access, bool isAdministrator, NtStatus status)
    {
        var caller = isAdministrator ? PipeClient.Administrator : null;
        using var client = await new PipeClient("lsarpc", caller).BindAsync(PipeClient.LsaRpc, 0);
        Assert.Equal(status, Status(await client.CallAsync(44, OpenPolicyStub(access))));
    }

    [Fact]
    public async Task AnonymousCallersGetNoPolicy()
    {
        using var client = await new PipeClient("lsarpc", new RpcCaller("", "") { IsAnonymous = true }).BindAsync(PipeClient.LsaRpc, 0);
        Assert.Equal(NtStatus.AccessDenied, Status(await client.CallAsync(44, OpenPolicyStub(0x02000000))));
    }

    [Theory]
    [InlineData(76)]
    [InlineData(77)]
    public async Task LookupsForDomainControllersAreRefused(ushort opnum)
    {
        using var client = await new PipeClient("lsarpc").BindAsync(PipeClient.LsaRpc, 0);
        Assert.Equal(RpcStatus.AccessDenied, PipeClient.FaultStatus(await client.SendAsync(PipeClient.RequestPdu(opnum, new byte[64]))));
    }

    [Fact]
    public async Task HandlesAreBounded()
    {
        var (client, _) = await OpenAsync();
        using var __ = client;
        for (var i = 1; i < new RpcLimits().MaxHandles; i++)
        {
            Assert.Equal(NtStatus.Success, Status(await client.CallAsync(44, OpenPolicyStub(0x02000000))));
        }

        Assert.Equal(NtStatus.InsufficientResources, Status(await client.CallAsync(44, OpenPolicyStub(0x02000000))));
    }

    [Fact]
    public async Task PrivilegesAreListedOnce()
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        var names = ReadNames(await client.CallAsync(2, Stub(handle, 0, 4096)), hasContext: true, hasValues: true, out var status);
        Assert.Equal(NtStatus.Success, status);
        Assert.Contains("SeTakeOwnershipPrivilege", names);
        var rest = ReadNames(
            await client.CallAsync(2, Stub(handle, (uint)names.Count, 4096)), hasContext: true, hasValues: true, out status);
        Assert.Equal(NtStatus.NoMoreEntries, status);
        Assert.Empty(rest);
    }

    [Fact]
    public async Task APrivilegeHasAValueANameAndATitle()
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        var value = await client.CallAsync(31, Stub(handle, "setakeOwnershipPrivilege"));
        Assert.Equal((9u, 0u, NtStatus.Success), (Number(value, 0), Number(value, 4), Status(value)));
        Assert.Equal(NtStatus.NoSuchPrivilege, Status(await client.CallAsync(31, Stub(handle, "SeTcbPrivilege"))));

        Assert.Equal("SeTakeOwnershipPrivilege", ReadName(await client.CallAsync(32, Stub(handle, 9, 0))));
        Assert.Equal(NtStatus.NoSuchPrivilege, Status(await client.CallAsync(32, Stub(handle, 9, 1))));
        Assert.Equal(NtStatus.NoSuchPrivilege, Status(await client.CallAsync(32, Stub(handle, 7, 0))));

        byte[] asked = [.. Stub(handle, "SeRestorePrivilege"), 9, 4, 9, 4];
        Assert.Equal("Restore files and directories", ReadName(await client.CallAsync(33, asked)));
    }

    [Fact]
    public async Task RightsOfAccountsAreForAdministrators()
    {
        var (client, handle) = await OpenAsync(PipeClient.Administrator);
        using var _ = client;
        var accounts = await client.CallAsync(11, Stub(handle, 0, 4096));
        Assert.Equal(NtStatus.Success, Status(accounts));
        var rights = ReadNames(
            await client.CallAsync(36, Stub(handle, WellKnownSids.Administrators)), hasContext: false, hasValues: false, out var status);
        Assert.Equal(NtStatus.Success, status);
        Assert.Contains("SeRestorePrivilege", rights);
        Assert.Equal(NtStatus.ObjectNameNotFound, Status(await client.CallAsync(36, Stub(handle, WellKnownSids.Guests))));

        var (other, otherHandle) = await OpenAsync();
        using var __ = other;
        Assert.Equal(NtStatus.AccessDenied, Status(await other.CallAsync(36, Stub(otherHandle, WellKnownSids.Administrators))));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(11)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(36)]
    public async Task QuestionsAboutPrivilegesThatAreCutOffAreFaults(ushort opnum)
    {
        var (client, handle) = await OpenAsync();
        using var _ = client;
        var answer = await client.SendAsync(PipeClient.RequestPdu(opnum, handle));
        Assert.Equal(RpcStatus.BadStubData, PipeClient.FaultStatus(answer));
    }

    private static uint Number(byte[] stub, int at) => BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(at));

    private static byte[] Stub(byte[] handle, uint first, uint second)
    {
        using var stub = new NdrWriter();
        stub.WriteBytes(handle);
        stub.WriteUInt32(first);
        stub.WriteUInt32(second);
        return stub.Written.ToArray();
    }

    private static byte[] Stub(byte[] handle, string name)
    {
        using var stub = new NdrWriter();
        stub.WriteBytes(handle);
        stub.WriteUnicodeString(name);
        stub.WriteUnicodeStringBuffer(name);
        stub.Align(4);
        return stub.Written.ToArray();
    }

    private static byte[] Stub(byte[] handle, Sid sid)
    {
        using var stub = new NdrWriter();
        stub.WriteBytes(handle);
        stub.WriteSid(sid);
        return stub.Written.ToArray();
    }

    private static string ReadName(byte[] stub)
    {
        var reader = new NdrReader(stub);
        Assert.True(reader.ReadPointer());
        var name = reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        Assert.False(reader.Failed);
        Assert.Equal(NtStatus.Success, Status(stub));
        return name!;
    }

    private static List<string> ReadNames(byte[] stub, bool hasContext, bool hasValues, out NtStatus status)
    {
        var reader = new NdrReader(stub);
        if (hasContext)
        {
            reader.ReadUInt32();
        }

        var names = new List<string>();
        var count = reader.ReadUInt32();
        if (reader.ReadPointer())
        {
            Assert.Equal(count, reader.ReadUInt32());
            var inline = new List<NdrUnicodeString>();
            for (var i = 0; i < count; i++)
            {
                inline.Add(reader.ReadUnicodeString());
                if (hasValues)
                {
                    reader.ReadBytes(8);
                }
            }

            foreach (var name in inline)
            {
                names.Add(reader.ReadUnicodeStringBuffer(name)!);
            }
        }

        status = (NtStatus)reader.ReadUInt32();
        Assert.False(reader.Failed);
        Assert.Equal(0, reader.Remaining);
        return names;
    }

    private static (string Domain, string Name, int Use, NtStatus Status) ReadOne(byte[] stub)
    {
        var reader = new NdrReader(stub);
        Assert.True(reader.ReadPointer());
        Assert.Equal(1u, reader.ReadUInt32());
        Assert.True(reader.ReadPointer());
        reader.ReadUInt32();
        Assert.Equal(1u, reader.ReadUInt32());
        var domainInline = reader.ReadUnicodeString();
        Assert.True(reader.ReadPointer());
        var domain = reader.ReadUnicodeStringBuffer(domainInline);
        Assert.NotNull(reader.ReadSid());
        Assert.Equal(1u, reader.ReadUInt32());
        Assert.True(reader.ReadPointer());
        Assert.Equal(1u, reader.ReadUInt32());
        var use = reader.ReadUInt16();
        var nameInline = reader.ReadUnicodeString();
        Assert.Equal(0u, reader.ReadUInt32());
        reader.ReadUInt32();
        var name = reader.ReadUnicodeStringBuffer(nameInline);
        Assert.Equal(1u, reader.ReadUInt32());
        var status = (NtStatus)reader.ReadUInt32();
        Assert.False(reader.Failed);
        Assert.Equal(0, reader.Remaining);
        return (domain!, name!, use, status);
    }
}
