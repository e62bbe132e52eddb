using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>IOCTL: every FSCTL that has a name, with the input that it takes, and some that nobody has heard of.</summary>
internal sealed class IoctlGenerator(Source source) : IGenerator
{
    private const int InputAt = 56;
    private static readonly FsControlCode[] Codes = Enum.GetValues<FsControlCode>();

    private readonly Chance _chance = source.Chance;

    public int Weight => 14;

    public Message? Next()
    {
        if (_chance.OneIn(8))
        {
            return WithoutFile();
        }

        if (source.FileOrDirectory() is not { } open)
        {
            return null;
        }

        return _chance.Next(28) switch
        {
            0 or 1 => On(open, FsControlCode.SrvRequestResumeKey, []),
            2 or 3 => Copy(open),
            4 => On(open, FsControlCode.SetSparse, _chance.OneIn(2) ? [] : [(byte)_chance.Next(2)]),
            5 => On(open, FsControlCode.SetZeroData, Range()),
            6 => On(open, FsControlCode.QueryAllocatedRanges, Range()),
            7 => On(open, FsControlCode.QueryFileRegions, _chance.OneIn(2) ? [] : [.. Range(), 1, 0, 0, 0, 0, 0, 0, 0]),
            8 => On(open, FsControlCode.FileLevelTrim, [0, 0, 0, 0, 1, 0, 0, 0, .. Range()]),
            9 => On(open, FsControlCode.OffloadRead, FsctlInput.OffloadRead((ulong)_chance.Next(8) * 512, (ulong)_chance.Next(16) * 512)),
            10 => OffloadWrite(open),
            11 or 12 => Duplicate(open),
            13 => On(open, FsControlCode.LmrRequestResiliency, [.. BitConverter.GetBytes(_chance.Next(100_000)), 0, 0, 0, 0]),
            14 => On(open, FsControlCode.SrvEnumerateSnapshots, []),
            15 => On(
                open,
                _chance.Of(
                    FsControlCode.GetCompression, FsControlCode.GetNtfsVolumeData, FsControlCode.FilesystemGetStatistics,
                    FsControlCode.FilesystemGetStatisticsEx, FsControlCode.ReadFileUsnData),
                _chance.OneIn(2) ? [] : [2, 0, (byte)_chance.Next(5), 0]),
            16 => On(open, FsControlCode.SetCompression, [(byte)_chance.Next(3), 0]),
            17 => On(open, FsControlCode.GetIntegrityInformation, []),
            18 => On(open, FsControlCode.SetIntegrityInformation, [(byte)_chance.Next(3), 0, 0, 0, 0, 0, 0, 0]),
            19 => On(open, FsControlCode.GetReparsePoint, []),
            20 => On(open, FsControlCode.SetReparsePoint, Samples.Symlink(_chance)),
            21 => On(open, FsControlCode.DeleteReparsePoint, [0x0C, 0, 0, 0xA0, 0, 0, 0, 0]),
            22 => On(open, _chance.Of(FsControlCode.CreateOrGetObjectId, FsControlCode.GetObjectId, FsControlCode.DeleteObjectId), []),
            23 => On(open, FsControlCode.SetObjectId, _chance.Bytes(64)),
            24 => On(open, FsControlCode.SetObjectIdExtended, _chance.Bytes(48)),
            25 => On(
                open, _chance.Of(FsControlCode.GetRetrievalPointers, FsControlCode.GetRetrievalPointerCount), BitConverter.GetBytes(_chance.Next(40) - 1L)),
            26 => On(open, FsControlCode.SetZeroOnDeallocation, []),
            _ => On(open, _chance.OneIn(4) ? (FsControlCode)_chance.Bits() : _chance.Of<FsControlCode>(Codes), _chance.Bytes(_chance.Next(80))),
        };
    }

    private Message? WithoutFile()
    {
        if (source.Tree() is not { } tree)
        {
            return null;
        }

        var none = new Smb2FileId(ulong.MaxValue, ulong.MaxValue);
        var (code, input) = _chance.Next(6) switch
        {
            // Of the client's own negotiation only now and then: a mismatch ends the connection.
            0 => (FsControlCode.ValidateNegotiateInfo, Validate()),
            1 or 2 => (FsControlCode.QueryNetworkInterfaceInfo, Array.Empty<byte>()),
            3 => (FsControlCode.DfsGetReferrals, FsctlInput.Referrals(DfsPath(), (ushort)_chance.Next(6))),
            4 => (FsControlCode.DfsGetReferralsEx, FsctlInput.ReferralsEx(DfsPath(), (ushort)_chance.Next(6), _chance.OneIn(2) ? null : "site")),
            _ => (FsControlCode.PipeWait, FsctlInput.PipeWait(_chance.Of("srvsvc", "lsarpc", "nothing"), _chance.OneIn(2) ? null : 100)),
        };
        return new Message(source.NextNumber(), Smb2Command.Ioctl, RequestBody.Ioctl(code, none, input, 65536))
        {
            Session = tree.Session,
            Tree = tree.Number,
            Payload = 65536,
        };
    }

    private string DfsPath() => _chance.Of(
        @"\server\space", @"\\s\SPACE\", @"\s\space\tree\a", @"\s\space\dir\sub", @"\s\space\dir", @"\server\data", @"\server", string.Empty);

    private byte[] Validate()
    {
        var negotiated = source.Client;
        return FsctlInput.ValidateNegotiate(
            NegotiateGenerator.Capabilities(negotiated.Dialect), negotiated.ClientGuid, Smb2SecurityMode.SigningEnabled,
            NegotiateGenerator.DialectsUpTo(negotiated.Dialect));
    }

    private Message Copy(KnownOpen target)
    {
        var chunks = new CopyChunk[_chance.OneIn(20) ? _chance.Next(300) : _chance.Between(1, 4)];
        for (var i = 0; i < chunks.Length; i++)
        {
            chunks[i] = new CopyChunk((ulong)source.Offset(), (ulong)source.Offset(), (uint)source.Length());
        }

        var input = FsctlInput.CopyChunks(new byte[24], chunks);
        var code = _chance.OneIn(2) ? FsControlCode.SrvCopyChunk : FsControlCode.SrvCopyChunkWrite;
        return On(target, code, input, Valued(ReferenceKind.ResumeKey, InputAt));
    }

    private Message OffloadWrite(KnownOpen target) => On(
        target,
        FsControlCode.OffloadWrite,
        FsctlInput.OffloadWrite([], (ulong)_chance.Next(8) * 512, (ulong)_chance.Next(16) * 512, (ulong)_chance.Next(4) * 512),
        Valued(ReferenceKind.Token, InputAt + 32));

    private Message Duplicate(KnownOpen target)
    {
        var from = source.File() ?? target;
        return On(
            target,
            FsControlCode.DuplicateExtentsToFile,
            FsctlInput.DuplicateExtents(from.FileId, _chance.Next(4) * 4096, _chance.Next(4) * 4096, _chance.Next(4) * 4096),
            new Reference(ReferenceKind.File, from.Number, InputAt));
    }

    private Reference? Valued(ReferenceKind kind, int at)
    {
        var known = source.World.Valued.FindAll(one => one.Kind == kind);
        return known.Count == 0 ? null : new Reference(kind, _chance.Of<(ReferenceKind, int Number)>(known).Number, at);
    }

    private byte[] Range() => _chance.OneIn(4)
        ? FsctlInput.Range(source.Offset(), source.Offset())
        : FsctlInput.Range(_chance.Next(4096), _chance.Next(8192) + 4096);

    private Message On(KnownOpen open, FsControlCode code, byte[] input, Reference? more = null)
    {
        var output = _chance.OneIn(8) ? _chance.Next(80) : 65536;
        var body = RequestBody.Ioctl(code, open.FileId, input, (uint)output);
        var payload = Math.Max(input.Length, output);
        return more is { } reference
            ? source.On(open, Smb2Command.Ioctl, body, 8, payload, reference)
            : source.On(open, Smb2Command.Ioctl, body, 8, payload);
    }
}
