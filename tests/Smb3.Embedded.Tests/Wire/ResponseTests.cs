using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Oplock;
using Smb3.Embedded.Wire.Session;
using Smb3.Embedded.Wire.Tree;
using Xunit;

namespace Smb3.Embedded.Tests.Wire;

/// <summary>
/// Responses are what a strict client reads. They are written over a buffer full of rubbish: nothing of it may get onto the wire.
/// </summary>
public sealed class ResponseTests
{
    private static readonly Smb2FileId Id = new(0x1122334455667788, 0x99AABBCCDDEEFF00);
    private static readonly Guid Key = new("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");

    private static readonly FileNetworkOpenInformation File = new()
    {
        CreationTime = new FileTime(1),
        LastAccessTime = new FileTime(2),
        LastWriteTime = new FileTime(3),
        ChangeTime = new FileTime(4),
        AllocationSize = 4096,
        EndOfFile = 100,
        Attributes = FileAttributes.Archive,
    };

    [Fact]
    public void Header_of_a_response_is_what_was_written()
    {
        var header = new byte[Smb2Header.Size];
        header.AsSpan().Fill(0xEE);
        Smb2Header.WriteSync(header, Smb2Command.Read, NtStatus.EndOfFile, Smb2HeaderFlags.Signed, 2, 30, 9, 0xFEFF, 5, 6);
        Smb2Header.SetNextCommand(header, 80);

        Assert.True(Smb2Header.TryParse(header, out var read));
        Assert.Equal((Smb2Command.Read, NtStatus.EndOfFile), (read.Command, read.Status));
        Assert.Equal(Smb2HeaderFlags.Signed | Smb2HeaderFlags.ServerToRedirector, read.Flags);
        Assert.Equal((2, 30, 9ul, 0xFEFFu), (read.CreditCharge, read.Credits, read.MessageId, read.ProcessId));
        Assert.Equal((5u, 6ul, 80u), (read.TreeId, read.SessionId, read.NextCommand));
        Assert.Equal(new byte[16], read.Signature.ToArray());
    }

    [Fact]
    public void Header_of_an_asynchronous_response_carries_its_id()
    {
        var header = new byte[Smb2Header.Size];
        Smb2Header.WriteAsync(header, Smb2Command.Lock, NtStatus.Pending, Smb2HeaderFlags.None, 1, 1, 9, 0x0807060504030201, 6);

        Assert.True(Smb2Header.TryParse(header, out var read));
        Assert.True(read.IsAsync);
        Assert.Equal(0x0807060504030201ul, read.AsyncId);
    }

    [Fact]
    public void Negotiate_with_contexts_is_read_back()
    {
        var fields = new NegotiateResponseFields
        {
            Dialect = Smb2Dialect.Smb311,
            SecurityMode = Smb2SecurityMode.SigningRequired,
            ServerGuid = Key,
            Capabilities = Smb2Capabilities.LargeMtu,
            MaxTransactSize = 1,
            MaxReadSize = 2,
            MaxWriteSize = 3,
            SystemTime = new FileTime(4),
            ServerStartTime = new FileTime(5),
        };
        var answer = NegotiateAnswer.Parse(Message(body =>
        {
            var writer = new NegotiateContextWriter(body[NegotiateResponse.ContextsOffset(3)..]);
            writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], [1, 2, 3]);
            writer.Compression(Smb2CompressionFlags.Chained, [Smb2CompressionAlgorithm.Lz77]);
            return NegotiateResponse.Write(body, fields, [7, 8, 9], writer.Count, writer.Length);
        }));

        Assert.Equal((Smb2Dialect.Smb311, Smb2SecurityMode.SigningRequired, Key), (answer.Dialect, answer.SecurityMode, answer.ServerGuid));
        Assert.Equal((1u, 2u, 3u), (answer.MaxTransactSize, answer.MaxReadSize, answer.MaxWriteSize));
        Assert.Equal((4, 5), (answer.SystemTime.Ticks, answer.ServerStartTime.Ticks));
        Assert.Equal([7, 8, 9], answer.SecurityBuffer);
        Assert.Equal([1, 0, 3, 0, 1, 0, 1, 2, 3], answer.Find(NegotiateContextType.PreauthIntegrity)!);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 2, 0], answer.Find(NegotiateContextType.Compression)!);
    }

    [Fact]
    public void Session_and_tree_are_read_back()
    {
        var session = SessionSetupAnswer.Parse(Message(body => SessionSetupResponse.Write(body, Smb2SessionFlags.EncryptData, [1, 2])));
        Assert.Equal(Smb2SessionFlags.EncryptData, session.Flags);
        Assert.Equal([1, 2], session.SecurityBuffer);

        var tree = TreeConnectAnswer.Parse(Message(body =>
        {
            TreeConnectResponse.Write(
                body, Smb2ShareType.Pipe, Smb2ShareFlags.EncryptData, Smb2ShareCapabilities.Dfs, FileAccessMask.FileAllAccess);
            return TreeConnectResponse.FixedSize;
        }));
        Assert.Equal(
            new TreeConnectAnswer(Smb2ShareType.Pipe, Smb2ShareFlags.EncryptData, Smb2ShareCapabilities.Dfs, FileAccessMask.FileAllAccess),
            tree);
    }

    [Fact]
    public void Create_with_contexts_is_read_back()
    {
        var lease = new LeaseContext { Version = 1, LeaseKey = Key, State = Smb2LeaseState.Read };
        var answer = CreateAnswer.Parse(Message(body =>
        {
            var writer = new CreateContextWriter(body[CreateResponse.ContextsOffset..]);
            writer.MaximalAccess(NtStatus.Success, FileAccessMask.Delete);
            writer.OnDiskId(11, 12);
            writer.Lease(lease);
            writer.DurableHandle();
            writer.DurableHandleV2(60000, DurableHandleFlags.Persistent);
            Assert.True(writer.Length <= CreateContextWriter.MaxResponseSize);
            return CreateResponse.Write(body, Id, Smb2OplockLevel.Lease, CreateAction.Created, File, writer.Length);
        }));

        Assert.Equal(
            (Id, Smb2OplockLevel.Lease, CreateAction.Created, File),
            (answer.FileId, answer.OplockLevel, answer.Action, answer.File));
        Assert.Equal(lease, answer.Lease);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 0], answer.Find(CreateContextName.QueryMaximalAccess)!);
        Assert.Equal(new byte[8], answer.Find(CreateContextName.DurableHandleRequest)!);
        Assert.Equal([0x60, 0xEA, 0, 0, 2, 0, 0, 0], answer.Find(CreateContextName.DurableHandleRequestV2)!);
        Assert.Equal(32, answer.Find(CreateContextName.QueryOnDiskId)!.Length);
    }

    [Fact]
    public void File_without_attributes_is_normal_on_the_wire()
    {
        var answer = CloseAnswer.Parse(Message(body =>
        {
            CloseResponse.Write(body, File with { Attributes = 0 });
            return CloseResponse.FixedSize;
        }));

        Assert.Equal((CloseFlags.PostQueryAttributes, FileAttributes.Normal), (answer.Flags, answer.File.Attributes));
    }

    [Fact]
    public void Reads_and_writes_are_read_back()
    {
        var read = ReadAnswer.Parse(Message(body =>
        {
            new byte[] { 1, 2, 3 }.CopyTo(body[ReadResponse.FixedSize..]);
            ReadResponse.Write(body, 3);
            return ReadResponse.FixedSize + 3;
        }));
        Assert.Equal([1, 2, 3], read.Data);

        var write = WriteAnswer.Parse(Message(body =>
        {
            WriteResponse.Write(body, 77);
            return WriteResponse.FixedSize;
        }));
        Assert.Equal(77u, write.Count);
    }

    [Fact]
    public void Output_buffers_are_read_back()
    {
        var ioctl = IoctlAnswer.Parse(Message(body =>
        {
            body[IoctlResponse.OutputOffset] = 5;
            return IoctlResponse.Write(body, FsControlCode.PipeTransceive, Id, 1);
        }));
        Assert.Equal((FsControlCode.PipeTransceive, Id), (ioctl.Code, ioctl.FileId));
        Assert.Equal([5], ioctl.Output);

        var output = OutputBufferAnswer.Parse(Message(body =>
        {
            body[OutputBufferResponse.BufferOffset] = 6;
            return OutputBufferResponse.Write(body, 1);
        }));
        Assert.Equal([6], output.Buffer);
    }

    [Theory]
    [InlineData(false, 0, new byte[] { 8, 1, 0, 0 })]
    [InlineData(true, 1, new byte[] { 4, 0, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0 })]
    public void Required_length_is_wrapped_in_a_context_from_3_1_1_on(bool asContext, int count, byte[] data)
    {
        var error = ErrorAnswer.Parse(Message(body => ErrorResponse.WriteRequiredLength(body, asContext, 0x108)));

        Assert.Equal(count, error.ContextCount);
        Assert.Equal(data, error.Data);
    }

    [Fact]
    public void Error_without_data_has_its_one_byte()
    {
        var message = Message(body =>
        {
            ErrorResponse.Write(body);
            return ErrorResponse.FixedSize;
        });

        Assert.Equal(Smb2Header.Size + 9, message.Length);
        Assert.Empty(ErrorAnswer.Parse(message).Data);
    }

    [Fact]
    public void Symlink_error_holds_both_names()
    {
        var size = SymlinkErrorResponse.Size("target", "shown");
        var error = ErrorAnswer.Parse(Message(body =>
        {
            var data = ErrorResponse.WriteWithData(body, asContext: false, ErrorContextId.Default, size);
            SymlinkErrorResponse.Write(data, "target", "shown", 3, isRelative: true);
            return ErrorResponse.Size(asContext: false, size);
        }));
        ReadOnlySpan<byte> symlink = error.Data;

        Assert.Equal((uint)(size - 4), symlink.UInt32(0));
        Assert.Equal("SYML"u8.ToArray(), symlink.Slice(4, 4).ToArray());
        Assert.Equal(6, symlink.UInt16(14));
        Assert.Equal("target", symlink.Slice(28 + symlink.UInt16(16), symlink.UInt16(18)).Utf16());
        Assert.Equal("shown", symlink.Slice(28 + symlink.UInt16(20), symlink.UInt16(22)).Utf16());
        Assert.Equal(1u, symlink.UInt32(24));
    }

    [Fact]
    public void Breaks_are_read_back()
    {
        var oplock = BreakAnswer.Parse(Message(body =>
        {
            OplockBreakResponse.Write(body, Smb2OplockLevel.LevelII, Id);
            return OplockBreakResponse.FixedSize;
        }));
        Assert.Equal((false, Smb2OplockLevel.LevelII, Id), (oplock.IsLease, oplock.OplockLevel, oplock.FileId));

        var lease = BreakAnswer.Parse(Message(body =>
        {
            LeaseBreakNotification.Write(body, Key, Smb2LeaseState.Read | Smb2LeaseState.Write, Smb2LeaseState.Read, 4, true);
            return LeaseBreakNotification.FixedSize;
        }));
        Assert.Equal(
            (true, Key, Smb2LeaseState.Read | Smb2LeaseState.Write, Smb2LeaseState.Read, (ushort)4, true),
            (lease.IsLease, lease.LeaseKey, lease.CurrentState, lease.NewState, lease.Epoch, lease.AcknowledgmentRequired));

        var response = BreakAnswer.Parse(Message(body =>
        {
            LeaseBreakResponse.Write(body, Key, Smb2LeaseState.Handle);
            return LeaseBreakResponse.FixedSize;
        }));
        Assert.Equal((Key, Smb2LeaseState.Handle), (response.LeaseKey, response.NewState));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public void Network_interface_carries_its_address(string text)
    {
        var entry = new byte[NetworkInterfaceInfo.EntrySize];
        NetworkInterfaceInfo.Write(entry, 7, NetworkInterfaceCapabilities.Rss, 1_000_000_000, IPAddress.Parse(text), isLast: true);

        Assert.Equal(IPAddress.Parse(text), NetworkInterfaceInfo.ReadAddress(entry));
        Assert.Equal(1_000_000_000ul, ((ReadOnlySpan<byte>)entry).UInt64(16));
    }

    [Fact]
    public void Snapshot_names_are_in_the_form_of_previous_versions()
    {
        var output = new byte[SnapshotArray.NamesOffset + SnapshotArray.ArraySize(1)];
        SnapshotArray.WriteHeader(output, 1, 1);
        SnapshotArray.WriteName(output, 0, new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero));
        SnapshotArray.WriteEnd(output, 1);

        Assert.Equal("@GMT-2024.02.03-04.05.06\0\0", ((ReadOnlySpan<byte>)output)[SnapshotArray.NamesOffset..].Utf16());
        Assert.Equal(52u, ((ReadOnlySpan<byte>)output).UInt32(8));
    }

    [Fact]
    public void Transform_header_is_read_back()
    {
        var frame = new byte[Smb2TransformHeader.Size];
        Smb2TransformHeader.Write(frame, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 500, 6);

        Assert.True(Smb2TransformHeader.TryParse(frame, out var header));
        Assert.Equal((500u, 1, 6ul), (header.OriginalMessageSize, header.Flags, header.SessionId));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 0], header.Nonce.ToArray());
        Assert.Equal(32, header.AssociatedData.Length);
    }

    [Fact]
    public void Compression_offset_outside_the_frame_is_refused()
    {
        var frame = new byte[CompressionTransformHeader.Size + 4];
        CompressionTransformHeader.WriteUnchained(frame, 10, Smb2CompressionAlgorithm.Lz77, 5);
        Assert.False(CompressionTransformHeader.TryParse(frame, out _));
        CompressionTransformHeader.WriteUnchained(frame, 10, Smb2CompressionAlgorithm.Lz77, 4);
        Assert.True(CompressionTransformHeader.TryParse(frame, out var header));
        Assert.Equal((10u, 4, Smb2CompressionAlgorithm.Lz77), (header.OriginalCompressedSegmentSize, header.Offset, header.Algorithm));
    }

    private delegate int WriteBody(Span<byte> body);

    private static byte[] Message(WriteBody write)
    {
        var message = new byte[2048];
        message.AsSpan().Fill(0xEE);
        Smb2Header.WriteSync(message, Smb2Command.Negotiate, NtStatus.Success, 0, 1, 1, 0, 0, 0, 0);
        var length = write(message.AsSpan(Smb2Header.Size));
        return message[..(Smb2Header.Size + length)];
    }
}
