using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>SET_INFO: every class that can be set, and some that cannot.</summary>
internal sealed class SetInfoGenerator(Source source) : IGenerator
{
    private const FileAccessMask Changing = FileAccessMask.WriteAttributes | FileAccessMask.WriteData | FileAccessMask.Delete
        | FileAccessMask.MaximumAllowed | FileAccessMask.GenericAll;

    private readonly Chance _chance = source.Chance;

    public int Weight => 12;

    public Message? Next()
    {
        if (source.Open(open => open.IsPipe || (open.Access & Changing) != 0 || _chance.OneIn(30)) is not { } open)
        {
            return null;
        }

        if (open.IsPipe)
        {
            return Set(open, Smb2InfoType.File, (byte)FileInformationClass.FilePipeInformation, [(byte)_chance.Next(2), 0, 0, 0, (byte)_chance.Next(2), 0, 0, 0]);
        }

        return _chance.Weighted([80, 10, 4, 4]) switch
        {
            0 => File(open),
            1 => Set(open, Smb2InfoType.Security, 0, Samples.Descriptor(_chance), (SecurityInformation)_chance.Of(1, 2, 4, 7, 4, 15)),
            2 => Set(open, Smb2InfoType.Quota, 0, Samples.Quota(_chance)),
            _ => Set(open, Smb2InfoType.FileSystem, (byte)_chance.Between(1, 14), _chance.Bytes(_chance.Of(8, 48, 64))),
        };
    }

    private Message File(KnownOpen open) => _chance.Next(15) switch
    {
        0 or 1 => Set(open, FileInformationClass.FileBasicInformation, SetBuffer.Basic(new BasicInformation
        {
            CreationTime = Time(),
            LastAccessTime = Time(),
            LastWriteTime = Time(),
            ChangeTime = Time(),
            Attributes = _chance.OneIn(2) ? 0 : (FileAttributes)(_chance.Edge() & 0xFFFF),
        })),
        2 => Set(open, FileInformationClass.FileRenameInformation, SetBuffer.Rename(source.Name(), _chance.OneIn(2))),
        3 => Set(open, FileInformationClass.FileRenameInformationEx, SetBuffer.RenameEx(source.Name(), (RenameFlags)_chance.Next(4))),
        4 => Set(open, FileInformationClass.FileLinkInformation, SetBuffer.Rename(source.Name(), _chance.OneIn(2))),
        5 => Set(open, FileInformationClass.FileLinkInformationEx, SetBuffer.RenameEx(source.Name(), (RenameFlags)_chance.Next(4))),
        6 => Set(open, FileInformationClass.FileDispositionInformation, SetBuffer.Disposition(_chance.OneIn(2))),
        7 => Set(open, FileInformationClass.FileDispositionInformationEx, SetBuffer.DispositionEx((DispositionFlags)_chance.Next(32))),
        8 => Set(open, FileInformationClass.FileModeInformation, SetBuffer.Mode((CreateOptions)_chance.Of(0, 2, 4, 8, 0x1000, 0x3E))),
        9 => Set(open, FileInformationClass.FileFullEaInformation, Samples.ExtendedAttributes(_chance)),
        10 => Set(open, FileInformationClass.FileShortNameInformation, [0, 0, 0, 0, 2, 0, 0, 0, 0x61, 0]),
        11 => Set(open, FileInformationClass.FileAllocationInformation, SetBuffer.Size(source.Offset())),
        12 => Set(open, FileInformationClass.FilePositionInformation, SetBuffer.Size(source.Offset())),
        13 => _chance.OneIn(2)
            ? Set(open, FileInformationClass.FileValidDataLengthInformation, SetBuffer.Size(source.Offset()))
            : Set(open, (FileInformationClass)_chance.Next(256), _chance.Bytes(_chance.Next(80))),
        _ => Set(open, FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(source.Offset())),
    };

    private long Time() => _chance.Next(6) switch
    {
        0 => -1,
        1 => -2,
        2 => (long)_chance.Edge(),
        3 => 133_000_000_000_000_000 + _chance.Next(int.MaxValue),
        _ => 0,
    };

    private Message Set(KnownOpen open, FileInformationClass informationClass, byte[] buffer) =>
        Set(open, Smb2InfoType.File, (byte)informationClass, buffer);

    private Message Set(KnownOpen open, Smb2InfoType type, byte informationClass, byte[] buffer, SecurityInformation parts = default) =>
        source.On(open, Smb2Command.SetInfo, RequestBody.SetInfo(open.FileId, type, informationClass, buffer, parts), 16, buffer.Length);
}
