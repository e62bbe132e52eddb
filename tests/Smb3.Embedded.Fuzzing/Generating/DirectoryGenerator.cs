using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>QUERY_DIRECTORY in every class, and CHANGE_NOTIFY.</summary>
internal sealed class DirectoryGenerator(Source source) : IGenerator
{
    private static readonly FileInformationClass[] Classes =
    [
        FileInformationClass.FileDirectoryInformation, FileInformationClass.FileFullDirectoryInformation,
        FileInformationClass.FileIdFullDirectoryInformation, FileInformationClass.FileBothDirectoryInformation,
        FileInformationClass.FileIdBothDirectoryInformation, FileInformationClass.FileNamesInformation,
        FileInformationClass.FileIdExtdDirectoryInformation, FileInformationClass.FileIdExtdBothDirectoryInformation,
        FileInformationClass.FileId64ExtdDirectoryInformation, FileInformationClass.FileId64ExtdBothDirectoryInformation,
        FileInformationClass.FileIdAllExtdDirectoryInformation, FileInformationClass.FileIdAllExtdBothDirectoryInformation,
        FileInformationClass.FilePosixInformation,
    ];

    private static readonly string[] Patterns = ["*", "*", "*", "*", "a*", "*.txt", "?", "<.t", "a", "*.*", "C.TXT", "lan>>>>>", "", "**********a"];

    private const FileAccessMask Listing = FileAccessMask.ReadData | FileAccessMask.MaximumAllowed | FileAccessMask.GenericAll | FileAccessMask.GenericRead;

    private readonly Chance _chance = source.Chance;

    public int Weight => 22;

    public Message? Next()
    {
        if (source.Open(open => open.IsDirectory && ((open.Access & Listing) != 0 || _chance.OneIn(20))) is not { } directory)
        {
            return null;
        }

        if (_chance.OneIn(3))
        {
            var filter = _chance.OneIn(3) ? (ChangeFilter)(_chance.Next(0xFFF) + 1) : ChangeFilter.All;
            var length = _chance.OneIn(6) ? _chance.Next(64) : _chance.Between(256, 8192);
            return source.On(
                directory, Smb2Command.ChangeNotify, RequestBody.ChangeNotify(directory.FileId, filter, _chance.OneIn(2), (uint)length), 8, length);
        }

        var output = _chance.OneIn(6) ? _chance.Next(300) : _chance.OneIn(12) ? _chance.Between(65536, 200_000) : _chance.Between(512, 65536);
        var flags = _chance.OneIn(2) ? QueryDirectoryFlags.RestartScans
            : _chance.OneIn(2) ? (QueryDirectoryFlags)(_chance.Next(4) | (_chance.OneIn(3) ? 0x10 : 0)) : QueryDirectoryFlags.None;
        var pattern = _chance.OneIn(30) ? source.Name() : _chance.Of<string>(Patterns);
        return source.On(
            directory,
            Smb2Command.QueryDirectory,
            RequestBody.QueryDirectory(directory.FileId, pattern, _chance.Of<FileInformationClass>(Classes), flags, (uint)output, (uint)_chance.Next(3)),
            8,
            output);
    }
}
