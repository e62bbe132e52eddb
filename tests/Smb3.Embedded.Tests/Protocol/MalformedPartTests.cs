using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Parts that end before what they say they hold, each in a request that is right otherwise.</summary>
public sealed class MalformedPartTests : ProtocolTest
{
    public static IEnumerable<object[]> Commands => Enum.GetValues<Smb2Command>()
        .Where(command => command is not (Smb2Command.Negotiate or Smb2Command.Cancel or Smb2Command.OplockBreak))
        .Select(command => new object[] { (ushort)command });

    /// <summary>Not even the StructureSize of the body is there; and then it is, and nothing else.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_last_of_a_compound_ends_behind_its_header(ushort command)
    {
        foreach (var body in new byte[][] { [], [57], [57, 0], [57, 0, 0] })
        {
            var tree = await Server.ConnectToAsync();
            tree.Session.Signs = (Smb2Command)command != Smb2Command.SessionSetup; // what is refused without a session has no signature
            var file = await tree.OpenAsync("f");
            var cut = tree.Request((Smb2Command)command, body);
            foreach (var last in new[] { cut, cut.Related() })
            {
                var calls = await tree.Session.Connection.SendAsync([file.ReadRequest(0, 1), last]);
                (await calls[0].ResponseAsync()).Expect(NtStatus.EndOfFile);
                Assert.True((await calls[1].ResponseAsync()).Status.IsError());
            }

            (await tree.Session.Connection.EchoAsync()).Expect(NtStatus.Success);
        }
    }

    [Fact]
    public async Task Create_contexts_of_every_name_are_cut_everywhere()
    {
        var tree = await Server.ConnectToAsync("posix", new SmbTestClientOptions { Posix = true });
        foreach (var name in Enum.GetValues<CreateContextName>())
        {
            if (name == CreateContextName.Unknown)
            {
                continue;
            }

            for (var length = 0; length <= 64; length++)
            {
                foreach (var filling in new byte[] { 0, 0xFF })
                {
                    var body = RequestBody.Create("f", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) =>
                        writer.Begin(name, length).Fill(filling));
                    var response = await tree.CallAsync(Smb2Command.Create, body);
                    if (response.Status == NtStatus.Success)
                    {
                        await new SmbTestFile(tree, CreateAnswer.Parse(response.Message)).CloseAsync();
                    }
                }
            }
        }

        Assert.Equal(0, Server.Volume.OpenCount);
        (await tree.Session.Connection.EchoAsync()).Expect(NtStatus.Success);
    }

    /// <summary>An entry has room for one subauthority; its SID says that it has so many.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(127)]
    [InlineData(255)]
    public async Task A_SID_that_is_longer_than_its_entry_is_no_SID(byte subAuthorities)
    {
        var tree = await Server.ConnectToAsync();
        var directory = await tree.OpenAsync("d", options: CreateOptions.DirectoryFile, access: FileAccessMask.FileAllAccess);
        var descriptor = new SecurityDescriptor
        {
            HasDacl = true,
            Dacl = new Acl([Ace.Allow(new Sid(1, 0), FileAccessMask.FileAllAccess, AceFlags.ObjectInherit | AceFlags.ContainerInherit)]),
        }.ToArray();
        var count = Array.IndexOf(descriptor, (byte)1, 20 + 8 + 4 + 4) + 1;
        Assert.Equal(1, descriptor[count]);
        descriptor[count] = subAuthorities;
        var status = (await tree.CallAsync(
            Smb2Command.SetInfo,
            RequestBody.SetInfo(directory.FileId, Smb2InfoType.Security, 0, descriptor, SecurityInformation.Dacl))).Status;
        Assert.Equal(NtStatus.InvalidAcl, status);
        Assert.True((await CreateAsync(@"d\f")).IsError());

        // And nothing of it is passed on to what is made below.
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync(@"d\g", CreateDisposition.Create));

        async Task<NtStatus> CreateAsync(string name) => (await tree.CallAsync(
            Smb2Command.Create,
            RequestBody.Create(name, contexts: (ref CreateContextWriter writer) => writer.Raw(CreateContextName.SecurityDescriptor, descriptor)))).Status;
    }

    [Fact]
    public async Task A_SID_without_subauthorities_and_a_list_that_counts_more_than_it_holds()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f", access: FileAccessMask.FileAllAccess);
        var descriptor = new SecurityDescriptor
        {
            Owner = WellKnownSids.Users, HasDacl = true, Dacl = new Acl([Ace.Allow(WellKnownSids.Users, FileAccessMask.FileAllAccess)]),
        }.ToArray();
        for (var at = 0; at < descriptor.Length; at++)
        {
            foreach (var value in new byte[] { 0, 1, 2, 0x7F, 0x80, 0xFF })
            {
                var response = await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetInfo(
                    file.FileId, Smb2InfoType.Security, 0, descriptor.Patched(at, value), SecurityInformation.Dacl));
                if (response.Status == NtStatus.Success)
                {
                    // What was taken can be read, and is whole.
                    var read = (await tree.CallAsync(Smb2Command.QueryInfo, RequestBody.QueryInfo(
                        file.FileId, Smb2InfoType.Security, 0, additionalInformation: 7))).Expect(NtStatus.Success);
                    Assert.Equal(NtStatus.Success, SecurityDescriptor.Read(OutputBufferAnswer.Parse(read.Message).Buffer, out _));
                }
            }
        }

        for (var length = 0; length < descriptor.Length; length++)
        {
            var response = await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetInfo(
                file.FileId, Smb2InfoType.Security, 0, descriptor.AsSpan(0, length), SecurityInformation.Dacl | SecurityInformation.Owner));
            Assert.True(response.Status.IsError(), $"{length}: {response.Status}");
        }
    }
}
