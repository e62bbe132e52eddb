using FsCheck;
using FsCheck.Fluent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Oplock;
using Smb3.Embedded.Wire.Session;
using Smb3.Embedded.Wire.Smb1Negotiate;
using Smb3.Embedded.Wire.Tree;
using Xunit;

namespace Smb3.Embedded.Tests.Wire;

/// <summary>Requests are read as the client meant them, with the liberties that real clients take.</summary>
public sealed class RequestTests
{
    private static readonly Smb2FileId Id = new(0x1122334455667788, 0x99AABBCCDDEEFF00);
    private static readonly Guid Key = new("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");

    [Fact]
    public void Header_of_a_request_is_read_field_by_field()
    {
        var message = new RequestHeader
        {
            Command = Smb2Command.Create,
            CreditCharge = 3,
            Credits = 31,
            ChannelSequence = 2,
            Flags = Smb2HeaderFlags.Signed | Smb2HeaderFlags.Related | Smb2HeaderFlags.Replay,
            NextCommand = 128,
            MessageId = 0x0102030405060708,
            ProcessId = 0xFEFF,
            TreeId = 5,
            SessionId = 0xA1A2A3A4A5A6A7A8,
        }.Compose([]);

        Assert.True(Smb2Header.TryParse(message, out var header));
        Assert.Equal(3, header.CreditCharge);
        Assert.Equal(2, header.ChannelSequence);
        Assert.Equal(Smb2Command.Create, header.Command);
        Assert.Equal(31, header.Credits);
        Assert.True(header.IsSigned && header.IsRelated && header.IsReplay && !header.IsAsync);
        Assert.Equal(128u, header.NextCommand);
        Assert.Equal(0x0102030405060708ul, header.MessageId);
        Assert.Equal(0xFEFFu, header.ProcessId);
        Assert.Equal(5u, header.TreeId);
        Assert.Equal(0xA1A2A3A4A5A6A7A8, header.SessionId);
    }

    [Theory]
    [InlineData(0, 0xFF)]
    [InlineData(4, 0x41)]
    public void Header_with_another_protocol_or_size_does_not_parse(int at, byte value)
    {
        var message = new RequestHeader { Command = Smb2Command.Echo }.Compose(RequestBody.Empty()).Patched(at, value);

        Assert.False(Smb2Header.TryParse(message, out _));
    }

    [Fact]
    public void Negotiate_contexts_are_found_with_their_data()
    {
        var message = Message(RequestBody.Negotiate(
            [Smb2Dialect.Smb210, Smb2Dialect.Smb311],
            Key,
            Smb2SecurityMode.SigningRequired,
            Smb2Capabilities.MultiChannel,
            (ref NegotiateContextWriter writer) =>
            {
                writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], [7, 8, 9]);
                writer.Encryption([Smb2Cipher.Aes256Gcm, Smb2Cipher.Aes128Ccm]);
                writer.NetName("host");
            }));

        Assert.True(NegotiateRequest.TryParse(message, out var request));
        Assert.Equal(2, request.DialectCount);
        Assert.True(request.Offers(Smb2Dialect.Smb311));
        Assert.False(request.Offers(Smb2Dialect.Smb302));
        Assert.Equal(Key, request.ClientGuid);
        Assert.Equal(Smb2SecurityMode.SigningRequired, request.SecurityMode);
        Assert.Equal(Smb2Capabilities.MultiChannel, request.Capabilities);
        Assert.True(request.TryGetContexts(out var contexts));
        Assert.Equal(3, contexts.Count);
        Assert.True(contexts.TryFind(NegotiateContextType.PreauthIntegrity, out var preauth));
        Assert.True(preauth.TryGetPreauthIntegrity(out var hashes, out var salt));
        Assert.True(hashes.Contains((ushort)Smb2HashAlgorithm.Sha512));
        Assert.Equal([7, 8, 9], salt.ToArray());
        Assert.True(contexts.TryFind(NegotiateContextType.Encryption, out var encryption));
        Assert.True(encryption.TryGetEncryption(out var ciphers));
        Assert.Equal((ushort)Smb2Cipher.Aes256Gcm, ciphers[0]);
        Assert.True(contexts.TryFind(NegotiateContextType.NetName, out var name));
        Assert.Equal("host", name.GetNetName());
        Assert.False(contexts.TryFind(NegotiateContextType.Signing, out _));
    }

    [Fact]
    public void Duplicate_negotiate_contexts_can_be_told()
    {
        var message = Message(RequestBody.Negotiate(
            [Smb2Dialect.Smb311],
            Key,
            contexts: (ref NegotiateContextWriter writer) =>
            {
                writer.Encryption([Smb2Cipher.Aes128Gcm]);
                writer.Encryption([Smb2Cipher.Aes128Gcm]);
            }));

        Assert.True(NegotiateRequest.TryParse(message, out var request) & request.TryGetContexts(out var contexts));
        Assert.Equal(2, contexts.CountOf(NegotiateContextType.Encryption));
    }

    [Theory]
    [InlineData(28, new byte[] { 0xFF, 0xFF, 0xFF, 0xFF })] // the list begins past the end
    [InlineData(28, new byte[] { 0x6C })] // not on a boundary of eight
    [InlineData(28, new byte[] { 0x00 })] // inside the header
    [InlineData(32, new byte[] { 9 })] // more contexts than there are
    public void Malformed_negotiate_context_list_is_refused(int at, byte[] bytes)
    {
        var body = RequestBody.Negotiate(
            [Smb2Dialect.Smb311], Key, contexts: (ref NegotiateContextWriter writer) => writer.Signing([Smb2SigningAlgorithm.AesCmac]));

        Assert.True(NegotiateRequest.TryParse(Message(body.Patched(at, bytes)), out var request));
        Assert.False(request.TryGetContexts(out _));
    }

    [Fact]
    public void Session_setup_is_read()
    {
        var message = Message(RequestBody.SessionSetup(
            [1, 2, 3], SessionSetupRequestFlags.Binding, Smb2SecurityMode.SigningRequired, Smb2Capabilities.Dfs, 42));

        Assert.True(SessionSetupRequest.TryParse(message, out var request));
        Assert.Equal(SessionSetupRequestFlags.Binding, request.Flags);
        Assert.Equal(Smb2SecurityMode.SigningRequired, request.SecurityMode);
        Assert.Equal(Smb2Capabilities.Dfs, request.Capabilities);
        Assert.Equal(42ul, request.PreviousSessionId);
        Assert.Equal([1, 2, 3], request.SecurityBuffer.ToArray());
    }

    [Fact]
    public void Empty_parts_may_have_any_offset()
    {
        var setup = RequestBody.SessionSetup([]).Patched(12, 0xFF, 0xFF);
        var create = RequestBody.Create(string.Empty).Patched(44, 0, 0);
        var write = RequestBody.Write(Id, 0, []).Patched(2, 0xFF, 0xFF);

        Assert.True(SessionSetupRequest.TryParse(Message(setup), out var session));
        Assert.True(session.SecurityBuffer.IsEmpty);
        Assert.True(CreateRequest.TryParse(Message(create), out var open));
        Assert.Equal(string.Empty, open.GetName());
        Assert.True(WriteRequest.TryParse(Message(write), out var data));
        Assert.True(data.DataOffset <= Message(write).Length);
        Assert.Equal(0xFFFF, data.SentDataOffset);
    }

    [Fact]
    public void Odd_byte_of_an_empty_variable_part_may_be_missing()
    {
        Assert.True(CreateRequest.TryParse(Message(RequestBody.Create(string.Empty)[..56]), out _));
        Assert.True(ReadRequest.TryParse(Message(RequestBody.Read(Id, 0, 1)[..48]), out _));
        Assert.True(QueryInfoRequest.TryParse(Message(RequestBody.QueryFile(Id, default)[..40]), out _));
        Assert.True(IoctlRequest.TryParse(Message(RequestBody.Ioctl(default, Id, [])[..56]), out _));
        Assert.True(QueryDirectoryRequest.TryParse(Message(RequestBody.QueryDirectory(Id, string.Empty)[..32]), out _));
    }

    [Fact]
    public void Parts_that_begin_inside_the_fixed_part_are_refused()
    {
        Assert.False(SessionSetupRequest.TryParse(Message(RequestBody.SessionSetup([1]).Patched(12, 64, 0)), out _));
        Assert.False(CreateRequest.TryParse(Message(RequestBody.Create("a").Patched(44, 0, 0)), out _));
        Assert.False(WriteRequest.TryParse(Message(RequestBody.Write(Id, 0, [1]).Patched(2, 64, 0)), out _));
    }

    [Fact]
    public void Any_share_path_and_file_name_comes_through() =>
        Check.QuickThrowOnFailure(Prop.ForAll<string>(text =>
        {
            var name = text ?? string.Empty;
            var tree = TreeConnectRequest.TryParse(Message(RequestBody.TreeConnect(name)), out var connect)
                && connect.GetPath() == name;
            var file = CreateRequest.TryParse(Message(RequestBody.Create(name)), out var create) && create.GetName() == name;
            var pattern = QueryDirectoryRequest.TryParse(Message(RequestBody.QueryDirectory(Id, name)), out var query)
                && query.GetPattern() == name;
            return tree && file && pattern;
        }));

    [Fact]
    public void Create_is_read_field_by_field()
    {
        var message = Message(RequestBody.Create(
            "name",
            FileAccessMask.Delete,
            CreateDisposition.Supersede,
            ShareAccess.Read,
            CreateOptions.DeleteOnClose,
            FileAttributes.Hidden,
            Smb2OplockLevel.Batch,
            Smb2ImpersonationLevel.Delegate));

        Assert.True(CreateRequest.TryParse(message, out var request));
        Assert.Equal(FileAccessMask.Delete, request.DesiredAccess);
        Assert.Equal(CreateDisposition.Supersede, request.Disposition);
        Assert.Equal(ShareAccess.Read, request.ShareAccess);
        Assert.Equal(CreateOptions.DeleteOnClose, request.Options);
        Assert.Equal(FileAttributes.Hidden, request.FileAttributes);
        Assert.Equal(Smb2OplockLevel.Batch, request.RequestedOplockLevel);
        Assert.Equal(Smb2ImpersonationLevel.Delegate, request.ImpersonationLevel);
        Assert.True(request.TryGetContexts(out var contexts) & contexts.IsEmpty);
    }

    [Fact]
    public void Create_contexts_come_through_with_their_values()
    {
        var lease = new LeaseContext
        {
            Version = 2,
            LeaseKey = Key,
            State = Smb2LeaseState.Read | Smb2LeaseState.Handle,
            Flags = LeaseFlags.ParentLeaseKeySet,
            ParentLeaseKey = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            Epoch = 77,
        };
        var durable = new DurableHandleRequestV2(60000, DurableHandleFlags.Persistent, Key);
        var reconnect = new DurableHandleReconnectV2(Id, Key, DurableHandleFlags.Persistent);
        var message = Message(RequestBody.Create("f", contexts: (ref CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.Lease(lease);
            writer.AskDurableHandleV2(durable);
            writer.ReconnectDurableHandleV2(reconnect);
            writer.ReconnectDurableHandle(Id);
            writer.AllocationSize(1 << 20);
            writer.Timewarp(new FileTime(99));
            writer.AppInstanceId(Key);
            writer.AppInstanceVersion(new AppInstanceVersion(1, 2));
        }));

        Assert.True(CreateRequest.TryParse(message, out var request) & request.TryGetContexts(out var contexts));
        Assert.True(contexts.TryFind(CreateContextName.QueryMaximalAccess, out var maximal));
        Assert.True(maximal.TryGetMaximalAccessQuery(out var query) && query.Timestamp is null);
        Assert.True(contexts.TryFind(CreateContextName.RequestLease, out var found) & found.TryGetLease(out var leaseRead));
        Assert.Equal(lease, leaseRead);
        Assert.True(contexts.TryFind(CreateContextName.DurableHandleRequestV2, out found));
        Assert.True(found.TryGetDurableHandleRequestV2(out var durableRead));
        Assert.Equal(durable, durableRead);
        Assert.True(contexts.TryFind(CreateContextName.DurableHandleReconnectV2, out found));
        Assert.True(found.TryGetDurableHandleReconnectV2(out var reconnectRead));
        Assert.Equal(reconnect, reconnectRead);
        Assert.True(contexts.TryFind(CreateContextName.DurableHandleReconnect, out found));
        Assert.True(found.TryGetDurableHandleReconnect(out var fileId));
        Assert.Equal(Id, fileId);
        Assert.True(contexts.TryFind(CreateContextName.AllocationSize, out found) & found.TryGetAllocationSize(out var size));
        Assert.Equal(1 << 20, size);
        Assert.True(contexts.TryFind(CreateContextName.TimewarpToken, out found) & found.TryGetTimewarpToken(out var time));
        Assert.Equal(99, time.Ticks);
        Assert.True(contexts.TryFind(CreateContextName.AppInstanceId, out found) & found.TryGetAppInstanceId(out var instance));
        Assert.Equal(Key, instance);
        Assert.True(contexts.TryFind(CreateContextName.AppInstanceVersion, out found));
        Assert.True(found.TryGetAppInstanceVersion(out var version));
        Assert.Equal(new AppInstanceVersion(1, 2), version);
    }

    [Fact]
    public void Every_known_context_name_is_recognised_and_others_are_unknown()
    {
        foreach (var name in Enum.GetValues<CreateContextName>().Where(name => name != CreateContextName.Unknown))
        {
            Assert.Equal(name, new CreateContext(CreateContext.NameOf(name), default).Name);
            Assert.Equal(CreateContextName.Unknown, new CreateContext([.. CreateContext.NameOf(name), 0], default).Name);
        }

        Assert.Equal(CreateContextName.Unknown, new CreateContext("ABCD"u8, default).Name);
        Assert.Equal(CreateContextName.Unknown, new CreateContext("MxA"u8, default).Name);
    }

    [Theory]
    [InlineData(0, 4)] // Next not on a boundary of eight
    [InlineData(0, 8)] // Next inside its own entry
    [InlineData(0, 0x80)] // Next past the end
    [InlineData(4, 12)] // name inside the fixed part
    [InlineData(4, 0x80)] // name past the end
    [InlineData(6, 3)] // name too short
    [InlineData(6, 0x80)] // name past the end
    [InlineData(10, 16)] // data over the name
    [InlineData(10, 25)] // data not on a boundary of eight
    [InlineData(12, 0x80)] // data past the end
    public void Malformed_context_chain_is_refused(int at, byte value)
    {
        Span<byte> chain = stackalloc byte[128];
        var writer = new CreateContextWriter(chain);
        writer.MaximalAccess(NtStatus.Success, FileAccessMask.FileAllAccess);
        writer.OnDiskId(1, 2);
        var bytes = chain[..writer.Length].ToArray().Patched(at, value);

        Assert.True(CreateContextList.TryParse(chain[..32].ToArray().Patched(0, 0, 0), out _));
        Assert.False(CreateContextList.TryParse(bytes, out _));
    }

    [Fact]
    public void Read_and_write_are_read_field_by_field()
    {
        var descriptor = new byte[RdmaBufferDescriptor.Size];
        new RdmaBufferDescriptor(1, 2, 3).Write(descriptor);
        Assert.True(ReadRequest.TryParse(
            Message(RequestBody.Read(Id, 5, 6, 7, ReadFlags.Unbuffered, Smb2Channel.RdmaV1, descriptor)), out var read));
        Assert.Equal((Id, 5ul, 6u, 7u), (read.FileId, read.Offset, read.Length, read.MinimumCount));
        Assert.Equal((ReadFlags.Unbuffered, Smb2Channel.RdmaV1), (read.Flags, read.Channel));
        Assert.True(read.TryGetChannelInfo(out var info));
        Assert.Equal(new RdmaBufferDescriptor(1, 2, 3), RdmaBufferDescriptor.Read(info));

        var message = Message(RequestBody.Write(Id, 5, [6, 7], WriteFlags.WriteThrough));
        Assert.True(WriteRequest.TryParse(message, out var write));
        Assert.Equal((Id, 5ul, WriteFlags.WriteThrough), (write.FileId, write.Offset, write.Flags));
        Assert.Equal([6, 7], message.AsSpan(write.DataOffset, write.DataLength).ToArray());
    }

    [Fact]
    public void Channel_info_out_of_bounds_only_matters_to_who_asks_for_it()
    {
        Assert.True(ReadRequest.TryParse(Message(RequestBody.Read(Id, 0, 1).Patched(44, 0xFF, 0xFF, 1, 0)), out var read));
        Assert.False(read.TryGetChannelInfo(out _));
    }

    [Fact]
    public void Lock_elements_and_sequence_come_through()
    {
        LockElement[] locks = [new(1, 2, LockFlags.Shared), new(ulong.MaxValue, 0, LockFlags.Exclusive | LockFlags.FailImmediately)];

        Assert.True(LockRequest.TryParse(Message(RequestBody.Lock(Id, locks, 64, 15)), out var request));
        Assert.Equal((2, 64u, (byte)15, Id), (request.LockCount, request.LockSequenceIndex, request.LockSequenceNumber, request.FileId));
        Assert.Equal((locks[0], locks[1]), (request[0], request[1]));
        Assert.False(LockRequest.TryParse(Message(RequestBody.Lock(Id, locks).Patched(2, 3)), out _));
        Assert.True(LockRequest.TryParse(Message(RequestBody.Lock(Id, [])), out var none) && none.LockCount == 0);
    }

    [Fact]
    public void Queries_are_read_field_by_field()
    {
        Assert.True(IoctlRequest.TryParse(Message(RequestBody.Ioctl(FsControlCode.SrvCopyChunk, Id, [1, 2], 99)), out var ioctl));
        Assert.Equal(
            (FsControlCode.SrvCopyChunk, Id, 99u, true),
            (ioctl.ControlCode, ioctl.FileId, ioctl.MaxOutputResponse, ioctl.IsFsctl));
        Assert.Equal([1, 2], ioctl.Input.ToArray());

        Assert.True(QueryDirectoryRequest.TryParse(
            Message(RequestBody.QueryDirectory(
                Id, "a*", FileInformationClass.FileNamesInformation, QueryDirectoryFlags.RestartScans, 7)),
            out var directory));
        Assert.Equal(
            (FileInformationClass.FileNamesInformation, QueryDirectoryFlags.RestartScans, 7u),
            (directory.InformationClass, directory.Flags, directory.OutputBufferLength));

        Assert.True(QueryInfoRequest.TryParse(
            Message(RequestBody.QueryInfo(
                Id, Smb2InfoType.Security, 0, 55, (uint)SecurityInformation.Dacl, [3], QueryInfoFlags.RestartScan)),
            out var query));
        Assert.Equal(
            (Smb2InfoType.Security, 55u, SecurityInformation.Dacl, QueryInfoFlags.RestartScan, Id),
            (query.InfoType, query.OutputBufferLength, query.SecurityInformation, query.Flags, query.FileId));
        Assert.Equal([3], query.Input.ToArray());

        Assert.True(SetInfoRequest.TryParse(
            Message(RequestBody.SetInfo(Id, Smb2InfoType.Security, 0, [4, 5], SecurityInformation.Owner)), out var set));
        Assert.Equal((Smb2InfoType.Security, SecurityInformation.Owner, Id), (set.InfoType, set.SecurityInformation, set.FileId));
        Assert.Equal([4, 5], set.Buffer.ToArray());

        Assert.True(ChangeNotifyRequest.TryParse(Message(RequestBody.ChangeNotify(Id, ChangeFilter.Size, true, 33)), out var notify));
        Assert.Equal((true, 33u, ChangeFilter.Size, Id), (notify.WatchTree, notify.OutputBufferLength, notify.Filter, notify.FileId));
    }

    [Fact]
    public void Acknowledgments_of_oplock_and_lease_are_told_apart()
    {
        Assert.True(OplockBreakAcknowledgment.TryParse(
            Message(RequestBody.OplockBreakAcknowledgment(Id, Smb2OplockLevel.LevelII)), out var oplock));
        Assert.Equal((false, Smb2OplockLevel.LevelII, Id), (oplock.IsLease, oplock.OplockLevel, oplock.FileId));
        Assert.True(OplockBreakAcknowledgment.TryParse(
            Message(RequestBody.LeaseBreakAcknowledgment(Key, Smb2LeaseState.Handle)), out var lease));
        Assert.Equal((true, Key, Smb2LeaseState.Handle), (lease.IsLease, lease.LeaseKey, lease.LeaseState));
    }

    [Fact]
    public void Smb1_negotiate_tells_what_it_offers()
    {
        Assert.True(Smb1NegotiateRequest.TryParse(RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.???"), out var request));
        Assert.True(request.OffersSmb2Wildcard);
        Assert.False(request.OffersSmb202);
        Assert.False(Smb1NegotiateRequest.TryParse(RequestBody.Smb1Negotiate("SMB 2.002").Patched(4, 0x73), out _));
    }

    [Fact]
    public void Inputs_of_controls_come_through()
    {
        Assert.True(ValidateNegotiateInfo.TryParse(
            FsctlInput.ValidateNegotiate(Smb2Capabilities.Dfs, Key, Smb2SecurityMode.SigningEnabled, Smb2Dialect.Smb302), out var info));
        Assert.Equal(
            (Smb2Capabilities.Dfs, Key, 1, Smb2Dialect.Smb302),
            (info.Capabilities, info.ClientGuid, info.DialectCount, info.Dialect(0)));

        var key = Enumerable.Range(1, 24).Select(value => (byte)value).ToArray();
        Assert.True(CopyChunkRequest.TryParse(FsctlInput.CopyChunks(key, new CopyChunk(1, 2, 3)), out var copy));
        Assert.Equal(key, copy.SourceKey.ToArray());
        Assert.Equal(new CopyChunk(1, 2, 3), copy[0]);
        Assert.False(CopyChunkRequest.TryParse(FsctlInput.CopyChunks(key).Patched(24, 0xFF, 0xFF, 0xFF, 0xFF), out _));

        Assert.True(PipeWaitRequest.TryParse(FsctlInput.PipeWait("srvsvc", null), out var wait));
        Assert.Equal(("srvsvc", null), (wait.GetName(), wait.Timeout));
    }

    private static byte[] Message(byte[] body) => new RequestHeader { Command = Smb2Command.Negotiate }.Compose(body);
}
