using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
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

/// <summary>One sample of everything that a peer sends, with a reader that touches all there is to read in it.</summary>
public sealed class RequestSample
{
    private static readonly Smb2FileId Id = new(0x1122334455667788, 0x99AABBCCDDEEFF00);
    private static readonly Guid Key = new("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");

    private readonly Func<byte[], bool> _read;

    private RequestSample(string name, byte[] bytes, Func<byte[], bool> read)
    {
        Name = name;
        Bytes = bytes;
        _read = read;
    }

    public string Name { get; }

    public byte[] Bytes { get; }

    /// <summary>False if the bytes do not parse; else every getter has been read.</summary>
    public bool TryReadAll(byte[] bytes) => _read(bytes);

    public override string ToString() => Name;

    public static RequestSample Named(string name) => All().Single(sample => sample.Name == name);

    public static IEnumerable<RequestSample> All()
    {
        yield return Request(Smb2Command.Negotiate, NegotiateBody(), ReadNegotiate);
        yield return Request(Smb2Command.SessionSetup, RequestBody.SessionSetup([1, 2, 3, 4, 5]), ReadSessionSetup);
        yield return Request(Smb2Command.Logoff, RequestBody.Empty(), bytes => EmptyRequest.TryParse(bytes, out _));
        yield return Request(Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\share"), ReadTreeConnect);
        yield return Request(Smb2Command.Create, CreateBody(), ReadCreate);
        yield return Request(Smb2Command.Close, RequestBody.Close(Id, CloseFlags.PostQueryAttributes), ReadClose);
        yield return Request(Smb2Command.Flush, RequestBody.Flush(Id), ReadFlush);
        yield return Request(
            Smb2Command.Read,
            RequestBody.Read(Id, 4096, 8192, 1, ReadFlags.Unbuffered, Smb2Channel.RdmaV1, new byte[RdmaBufferDescriptor.Size * 2]),
            ReadRead);
        yield return Request(Smb2Command.Write, RequestBody.Write(Id, 10, [9, 8, 7], WriteFlags.WriteThrough), ReadWrite);
        yield return Request(
            Smb2Command.Lock,
            RequestBody.Lock(Id, [new(0, 10, LockFlags.Exclusive), new(20, 30, LockFlags.Unlock)], 3, 9),
            ReadLock);
        yield return Request(
            Smb2Command.Ioctl,
            RequestBody.Ioctl(FsControlCode.PipeTransceive, Id, [1, 2, 3, 4]),
            ReadIoctl);
        yield return Request(Smb2Command.QueryDirectory, RequestBody.QueryDirectory(Id, "*.txt"), ReadQueryDirectory);
        yield return Request(
            Smb2Command.QueryInfo,
            RequestBody.QueryInfo(Id, Smb2InfoType.Quota, 0, input: QuotaQuestion()),
            ReadQueryInfo);
        yield return Request(
            Smb2Command.SetInfo,
            RequestBody.SetFile(Id, FileInformationClass.FileRenameInformation, SetBuffer.Rename(@"folder\new name")),
            ReadSetInfo);
        yield return Request(Smb2Command.ChangeNotify, RequestBody.ChangeNotify(Id, watchTree: true), ReadChangeNotify);
        yield return Request(
            Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(Id, Smb2OplockLevel.LevelII), ReadBreak, "oplock");
        yield return Request(
            Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(Key, Smb2LeaseState.Read), ReadBreak, "lease");

        yield return new("SMB1 negotiate", RequestBody.Smb1Negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???"), ReadSmb1);
        yield return new("transform", Transform(), ReadTransform);
        yield return new("compression unchained", Unchained(), ReadCompression);
        yield return new("compression chained", Chained(), ReadCompression);
        yield return new(
            "validate negotiate", FsctlInput.ValidateNegotiate(0, Key, 0, Smb2Dialect.Smb300, Smb2Dialect.Smb302), ReadValidate);
        yield return new("RDMA seal", RdmaTransformOf(RdmaTransformType.Encryption, 11), ReadRdmaTransform);
        yield return new("RDMA signature", RdmaTransformOf(RdmaTransformType.Signing, 0), ReadRdmaTransform);
        yield return new("offload read", FsctlInput.OffloadRead(512, 1024, 7), ReadOffloadRead);
        yield return new("offload write", FsctlInput.OffloadWrite(ZeroToken(), 512, 1024, 2048), ReadOffloadWrite);
        yield return new("set integrity", new byte[SetIntegrityInformation.Size], ReadSetIntegrity);
        yield return new("set integrity Ex", new byte[SetIntegrityInformationEx.Size], ReadSetIntegrityEx);
        yield return new("copy chunks", FsctlInput.CopyChunks(new byte[24], new(1, 2, 3), new(4, 5, 6)), ReadCopyChunks);
        yield return new("pipe wait", FsctlInput.PipeWait("srvsvc", 100), ReadPipeWait);
        yield return new("full EA", SetBuffer.FullEa(("user.one"u8.ToArray(), [1, 2, 3]), ("two"u8.ToArray(), [])), ReadFullEa);
        yield return new("get EA", [12, 0, 0, 0, 3, 65, 66, 67, 0, 0, 0, 0, 0, 0, 0, 0, 1, 90, 0], ReadGetEa);
        yield return new("reparse", Symlink(), ReadReparse);
        yield return new("trim", [.. new byte[4], 1, 0, 0, 0, .. new byte[16]], ReadTrim);
    }

    private static RequestSample Request(Smb2Command command, byte[] body, Func<byte[], bool> read, string? variant = null) =>
        new(variant is null ? $"{command}" : $"{command} {variant}", new RequestHeader { Command = command }.Compose(body), read);

    private static byte[] NegotiateBody() => RequestBody.Negotiate(
        [Smb2Dialect.Smb202, Smb2Dialect.Smb311],
        Key,
        contexts: (ref NegotiateContextWriter writer) =>
        {
            writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], [1, 2, 3, 4]);
            writer.Encryption([Smb2Cipher.Aes128Gcm, Smb2Cipher.Aes128Ccm]);
            writer.Compression(Smb2CompressionFlags.Chained, [Smb2CompressionAlgorithm.Lz77]);
            writer.NetName("server");
            writer.Transport(Smb2TransportFlags.None);
            writer.RdmaTransform([Smb2RdmaTransform.Encryption]);
            writer.Signing([Smb2SigningAlgorithm.AesGmac]);
            writer.Posix();
        });

    private static byte[] CreateBody() => RequestBody.Create(
        @"folder\file.txt",
        contexts: (ref CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.AskOnDiskId();
            writer.AskDurableHandle();
            writer.ReconnectDurableHandle(Id);
            writer.AllocationSize(4096);
            writer.Timewarp(new FileTime(5));
            writer.Lease(new LeaseContext { Version = 2, LeaseKey = Key, State = Smb2LeaseState.Read, Epoch = 4 });
            writer.AskDurableHandleV2(new DurableHandleRequestV2(1, DurableHandleFlags.Persistent, Key));
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(Id, Key, DurableHandleFlags.None));
            writer.AppInstanceId(Key);
            writer.AppInstanceVersion(new AppInstanceVersion(1, 2));
            writer.Raw(CreateContextName.ExtendedAttributes, SetBuffer.FullEa(("name"u8.ToArray(), [1])));
        });

    private static byte[] QuotaQuestion()
    {
        var question = new byte[16 + 12];
        question.AsSpan().Put(8, 12u);
        return question;
    }

    private static byte[] Transform()
    {
        var frame = new byte[Smb2TransformHeader.Size + 10];
        Smb2TransformHeader.Write(frame, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 10, 77);
        return frame;
    }

    private static byte[] Unchained()
    {
        var frame = new byte[CompressionTransformHeader.Size + 20];
        CompressionTransformHeader.WriteUnchained(frame, 100, Smb2CompressionAlgorithm.Lz77, 12);
        return frame;
    }

    private static byte[] Chained()
    {
        var frame = new byte[CompressionTransformHeader.ChainedSize + 12 + 5 + 8 + 8 + 8 + 3];
        var span = frame.AsSpan();
        CompressionTransformHeader.WriteChained(span, 100);
        CompressionPayloadHeader.Write(span[8..], Smb2CompressionAlgorithm.Lz77, first: true, 5, 50);
        CompressionPayloadHeader.Write(span[25..], Smb2CompressionAlgorithm.PatternV1, first: false, 8, 47);
        span.Put(37, 47u);
        CompressionPayloadHeader.Write(span[41..], Smb2CompressionAlgorithm.None, first: false, 3, 3);
        return frame;
    }

    private static byte[] Symlink()
    {
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(6, 6)];
        ReparseDataBuffer.WriteSymlink(buffer, "target", "target", isRelative: true);
        return buffer;
    }

    private static bool ReadNegotiate(byte[] bytes)
    {
        if (!NegotiateRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.SecurityMode, request.Capabilities, request.ClientGuid, request.Offers(Smb2Dialect.Smb311));
        if (request.TryGetContexts(out var contexts))
        {
            foreach (var context in contexts)
            {
                Touch(context.Type, context.GetNetName(), contexts.CountOf(context.Type), context.TryGetTransport(out _));
                if (context.TryGetPreauthIntegrity(out var hashes, out var salt))
                {
                    Touch(hashes.Contains(9), salt.ToArray());
                }

                if (context.TryGetCompression(out _, out var algorithms) && context.TryGetEncryption(out var ciphers)
                    && context.TryGetSigning(out var signing) && context.TryGetRdmaTransform(out var transforms))
                {
                    Touch(algorithms.Contains(9), ciphers.Contains(9), signing.Contains(9), transforms.Contains(9));
                }
            }
        }

        return true;
    }

    private static bool ReadSessionSetup(byte[] bytes)
    {
        if (!SessionSetupRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Flags, request.SecurityMode, request.Capabilities, request.PreviousSessionId, request.SecurityBuffer.ToArray());
        return true;
    }

    private static bool ReadTreeConnect(byte[] bytes)
    {
        if (!TreeConnectRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Flags, request.GetPath());
        return true;
    }

    private static bool ReadCreate(byte[] bytes)
    {
        if (!CreateRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.RequestedOplockLevel, request.ImpersonationLevel, request.DesiredAccess, request.FileAttributes);
        Touch(request.ShareAccess, request.Disposition, request.Options, request.GetName());
        if (request.TryGetContexts(out var contexts))
        {
            foreach (var context in contexts)
            {
                Touch(context.Name, context.NameBytes.ToArray(), context.Data.ToArray(), contexts.Contains(context.Name));
                Touch(
                    context.TryGetDurableHandleReconnect(out _),
                    context.TryGetAllocationSize(out _),
                    context.TryGetMaximalAccessQuery(out _),
                    context.TryGetTimewarpToken(out _));
                Touch(
                    context.TryGetLease(out _),
                    context.TryGetDurableHandleRequestV2(out _),
                    context.TryGetDurableHandleReconnectV2(out _),
                    context.TryGetAppInstanceId(out _));
                Touch(context.TryGetAppInstanceVersion(out _), context.IsDurableHandleRequest(), ReadFullEa(context.Data.ToArray()));
            }
        }

        return true;
    }

    private static bool ReadClose(byte[] bytes)
    {
        if (!CloseRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Flags, request.FileId);
        return true;
    }

    private static bool ReadFlush(byte[] bytes)
    {
        if (!FlushRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Reserved1, request.FileId);
        return true;
    }

    private static bool ReadRead(byte[] bytes)
    {
        if (!ReadRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Flags, request.Length, request.Offset, request.FileId);
        Touch(request.MinimumCount, request.Channel, request.RemainingBytes);
        if (request.TryGetChannelInfo(out var info))
        {
            for (var i = 0; i < info.Length / RdmaBufferDescriptor.Size; i++)
            {
                Touch(RdmaBufferDescriptor.Read(info[(i * RdmaBufferDescriptor.Size)..]));
            }
        }

        return true;
    }

    private static bool ReadWrite(byte[] bytes)
    {
        if (!WriteRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(bytes.AsSpan(request.DataOffset, request.DataLength).ToArray(), request.SentDataOffset, request.Offset, request.FileId);
        Touch(request.Channel, request.RemainingBytes, request.Flags, request.TryGetChannelInfo(out _));
        return true;
    }

    private static byte[] RdmaTransformOf(RdmaTransformType type, int nonce) =>
        TransformedMemory.Info(
            new RdmaCryptoTransform(type, Key.ToByteArray(), new byte[nonce]), ThroughMemory.Info(new(4096, 7, 1000), new(0, 8, 24)));

    private static bool ReadRdmaTransform(byte[] bytes)
    {
        if (!RdmaTransform.TryParse(bytes, out var transform))
        {
            return false;
        }

        Touch(transform.Channel, transform.Descriptors.ToArray(), transform.Crypto.Type);
        Touch(transform.Crypto.Signature.ToArray(), transform.Crypto.Nonce.ToArray());
        return true;
    }

    private static bool ReadLock(byte[] bytes)
    {
        if (!LockRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.LockSequenceIndex, request.LockSequenceNumber, request.FileId);
        for (var i = 0; i < request.LockCount; i++)
        {
            Touch(request[i]);
        }

        return true;
    }

    private static bool ReadIoctl(byte[] bytes)
    {
        if (!IoctlRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.ControlCode, request.FileId, request.Input.ToArray(), request.Output.ToArray());
        Touch(bytes.AsSpan(request.InputOffset, request.InputLength).ToArray(), request.MaxInputResponse, request.MaxOutputResponse);
        Touch(request.IsFsctl);
        return true;
    }

    private static bool ReadQueryDirectory(byte[] bytes)
    {
        if (!QueryDirectoryRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.InformationClass, request.Flags, request.FileIndex, request.FileId);
        Touch(request.GetPattern(), request.OutputBufferLength);
        return true;
    }

    private static bool ReadQueryInfo(byte[] bytes)
    {
        if (!QueryInfoRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.InfoType, request.FileInformationClass, request.FsInformationClass, request.OutputBufferLength);
        Touch(request.SecurityInformation, request.Flags, request.FileId);
        if (QueryQuotaInfo.TryParse(request.Input, out var quota))
        {
            Touch(quota.ReturnSingle, quota.RestartScan, quota.SidList.ToArray(), quota.StartSid.ToArray());
        }

        return true;
    }

    private static bool ReadSetInfo(byte[] bytes)
    {
        if (!SetInfoRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.InfoType, request.FileInformationClass, request.FsInformationClass, request.SecurityInformation);
        Touch(request.FileId);
        var buffer = request.Buffer;
        if (RenameInformation.TryParse(buffer, extended: false, out var rename))
        {
            Touch(rename.ReplaceIfExists, rename.RootDirectory, rename.GetName());
        }

        Touch(
            BasicInformation.TryParse(buffer, out _),
            SetInformation.TryReadSize(buffer, out _),
            SetInformation.TryReadDisposition(buffer, out _),
            SetInformation.TryReadDispositionEx(buffer, out _));
        Touch(
            SetInformation.TryReadMode(buffer, out _),
            SetInformation.TryReadName(buffer, out _),
            SetInformation.TryReadCaseSensitive(buffer, out _),
            PipeInformation.TryParse(buffer, out _));
        return true;
    }

    private static bool ReadChangeNotify(byte[] bytes)
    {
        if (!ChangeNotifyRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.WatchTree, request.OutputBufferLength, request.FileId, request.Filter);
        return true;
    }

    private static bool ReadBreak(byte[] bytes)
    {
        if (!OplockBreakAcknowledgment.TryParse(bytes, out var acknowledgment))
        {
            return false;
        }

        Touch(acknowledgment.IsLease, acknowledgment.OplockLevel, acknowledgment.FileId, acknowledgment.LeaseKey);
        Touch(acknowledgment.LeaseState);
        return true;
    }

    private static bool ReadSmb1(byte[] bytes)
    {
        if (!Smb1NegotiateRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.OffersSmb202, request.OffersSmb2Wildcard);
        return true;
    }

    private static bool ReadTransform(byte[] bytes)
    {
        if (!Smb2TransformHeader.TryParse(bytes, out var header))
        {
            return false;
        }

        Touch(header.Signature.ToArray(), header.Nonce.ToArray(), header.AssociatedData.ToArray(), header.OriginalMessageSize);
        Touch(header.Flags, header.SessionId);
        return true;
    }

    private static bool ReadCompression(byte[] bytes)
    {
        if (!CompressionTransformHeader.TryParse(bytes, out var header))
        {
            return false;
        }

        Touch(header.OriginalCompressedSegmentSize, header.Algorithm, header.Flags);
        ReadOnlySpan<byte> rest = bytes;
        if (!header.IsChained)
        {
            Touch(rest.Slice(CompressionTransformHeader.Size, header.Offset).ToArray());
            return true;
        }

        rest = rest[CompressionTransformHeader.ChainedSize..];
        while (CompressionPayloadHeader.TryParse(rest, out var payload, out rest))
        {
            Touch(payload.Algorithm, payload.OriginalSize, payload.Payload.ToArray());
            if (payload.Algorithm == Smb2CompressionAlgorithm.PatternV1)
            {
                Touch(payload.Pattern);
            }
        }

        return true;
    }

    private static bool ReadValidate(byte[] bytes)
    {
        if (!ValidateNegotiateInfo.TryParse(bytes, out var info))
        {
            return false;
        }

        Touch(info.Capabilities, info.ClientGuid, info.SecurityMode);
        for (var i = 0; i < info.DialectCount; i++)
        {
            Touch(info.Dialect(i));
        }

        return true;
    }

    private static byte[] ZeroToken()
    {
        var token = new byte[OffloadToken.Size];
        OffloadToken.WriteZeroData(token);
        return token;
    }

    private static bool ReadOffloadRead(byte[] bytes)
    {
        var read = OffloadRead.TryParse(bytes, out var request);
        Touch(request);
        return read;
    }

    private static bool ReadOffloadWrite(byte[] bytes)
    {
        if (!OffloadWrite.TryParse(bytes, out var request))
        {
            return false;
        }

        var token = bytes.AsSpan(OffloadWrite.TokenOffset, OffloadToken.Size);
        Touch(request, OffloadToken.IsZeroData(token), OffloadToken.TryGetId(token, out _));
        return true;
    }

    private static bool ReadSetIntegrity(byte[] bytes)
    {
        var read = SetIntegrityInformation.TryParse(bytes, out var request);
        Touch(request);
        return read;
    }

    private static bool ReadSetIntegrityEx(byte[] bytes)
    {
        var read = SetIntegrityInformationEx.TryParse(bytes, out var request);
        Touch(request);
        return read;
    }

    private static bool ReadCopyChunks(byte[] bytes)
    {
        if (!CopyChunkRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.SourceKey.ToArray());
        for (var i = 0; i < request.ChunkCount; i++)
        {
            Touch(request[i]);
        }

        return true;
    }

    private static bool ReadPipeWait(byte[] bytes)
    {
        if (!PipeWaitRequest.TryParse(bytes, out var request))
        {
            return false;
        }

        Touch(request.Timeout, request.GetName());
        return true;
    }

    private static bool ReadFullEa(byte[] bytes)
    {
        if (!FullEaList.TryParse(bytes, out var list, out _))
        {
            return false;
        }

        foreach (var attribute in list)
        {
            Touch(attribute.Flags, attribute.Name.ToArray(), attribute.Value.ToArray());
        }

        return true;
    }

    private static bool ReadGetEa(byte[] bytes)
    {
        if (!GetEaList.TryParse(bytes, out var list))
        {
            return false;
        }

        foreach (var name in list)
        {
            Touch(name.ToArray());
        }

        return true;
    }

    private static bool ReadReparse(byte[] bytes)
    {
        if (!ReparseDataBuffer.TryParse(bytes, out var reparse))
        {
            return false;
        }

        Touch(reparse.Tag, reparse.Data.ToArray(), reparse.TryGetSymlink(out _, out _, out _));
        return true;
    }

    private static bool ReadTrim(byte[] bytes)
    {
        if (!FileLevelTrim.TryParse(bytes, out var trim))
        {
            return false;
        }

        for (var i = 0; i < trim.RangeCount; i++)
        {
            Touch(trim[i]);
        }

        return true;
    }

    private static void Touch(params object?[] values) => Assert.NotNull(values);
}
