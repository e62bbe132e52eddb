using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What a lease in a CREATE means (MS-SMB2 3.3.5.9.8 and 3.3.5.9.11).</summary>
public sealed class LeaseContextTests : ProtocolTest
{
    private const Smb2LeaseState All = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle;

    private static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    [Theory]
    [InlineData(1, (ushort)Smb2Dialect.Smb210)]
    [InlineData(1, (ushort)Smb2Dialect.Smb311)]
    [InlineData(2, (ushort)Smb2Dialect.Smb300)]
    [InlineData(2, (ushort)Smb2Dialect.Smb311)]
    public async Task One_key_of_two_clients_is_two_leases(byte version, ushort dialect)
    {
        var one = await Server.ConnectToAsync(options: new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] });
        var other = await Server.ConnectToAsync(options: new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] });
        Assert.Equal(All, await LeaseAsync(one, "f", version));
        Assert.Equal(All, await LeaseAsync(other, "g", version));
        (await CreateAsync(one, "g", Smb2OplockLevel.Lease, version)).Expect(NtStatus.InvalidParameter);
        (await CreateAsync(other, "f", Smb2OplockLevel.Lease, version)).Expect(NtStatus.InvalidParameter);
        Assert.Equal(All, await LeaseAsync(one, "f", version)); // its own lease does not break
    }

    [Theory]
    [InlineData((byte)Smb2OplockLevel.None)]
    [InlineData((byte)Smb2OplockLevel.LevelII)]
    [InlineData((byte)Smb2OplockLevel.Exclusive)]
    [InlineData((byte)Smb2OplockLevel.Batch)]
    public async Task A_lease_counts_for_nothing_beside_another_oplock_level(byte asked)
    {
        var level = (Smb2OplockLevel)asked;
        var tree = await Server.ConnectToAsync();
        var answer = CreateAnswer.Parse((await CreateAsync(tree, "f", level, 2)).Expect(NtStatus.Success).Message);
        Assert.Equal(level, answer.OplockLevel);
        Assert.Null(answer.Lease);
        Assert.Equal(All, await LeaseAsync(tree, "g", 2)); // the key is free
    }

    private static async Task<Smb2LeaseState?> LeaseAsync(SmbTestTree tree, string name, byte version)
    {
        var answer = CreateAnswer.Parse((await CreateAsync(tree, name, Smb2OplockLevel.Lease, version)).Expect(NtStatus.Success).Message);
        Assert.Equal(Smb2OplockLevel.Lease, answer.OplockLevel);
        return answer.Lease?.State;
    }

    private static Task<SmbTestResponse> CreateAsync(SmbTestTree tree, string name, Smb2OplockLevel level, byte version) =>
        tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            name, SmbTestTree.ReadWrite, oplock: level,
            contexts: (ref CreateContextWriter writer) => writer.Lease(new LeaseContext { Version = version, LeaseKey = Key, State = All })));
}
