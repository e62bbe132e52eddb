using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>QUERY_INFO: every class of files, file systems, security and quotas.</summary>
internal sealed class QueryInfoGenerator(Source source) : IGenerator
{
    private static readonly byte[] FileClasses =
    [
        4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18, 21, 22, 28, 34, 35, 46, 48, 59, 62, 68, 69, 70, 71, 77, 100,
    ];

    private static readonly byte[] PipeClasses = [5, 18, 23, 24];

    private readonly Chance _chance = source.Chance;

    public int Weight => 12;

    public Message? Next()
    {
        if (source.Open() is not { } open)
        {
            return null;
        }

        var length = _chance.OneIn(6) ? _chance.Next(120) : _chance.OneIn(20) ? 131072 : _chance.Between(512, 65536);
        return open.IsPipe
            ? Of(open, Smb2InfoType.File, _chance.Of<byte>(PipeClasses), length)
            : _chance.Weighted([60, 20, 15, 5]) switch
            {
                0 => OfFile(open, length),
                1 => Of(open, Smb2InfoType.FileSystem, (byte)(_chance.OneIn(10) ? 100 : _chance.Between(1, 14)), length),
                2 => Of(open, Smb2InfoType.Security, 0, length, (uint)_chance.Of(1, 2, 4, 7, 7, 7, 8, 15, 0x10, 0xFF, _chance.Next(512))),
                _ => Of(open, Smb2InfoType.Quota, 0, length, 0, Samples.QuotaQuestion(_chance)),
            };
    }

    private Message OfFile(KnownOpen open, int length)
    {
        var informationClass = _chance.OneIn(8) ? (byte)_chance.Next(256) : _chance.Of<byte>(FileClasses);
        return informationClass == (byte)FileInformationClass.FileFullEaInformation
            ? Of(open, Smb2InfoType.File, informationClass, length, (uint)_chance.Next(2),
                _chance.OneIn(2) ? Samples.WantedAttributes(_chance) : default, (QueryInfoFlags)_chance.Next(8))
            : Of(open, Smb2InfoType.File, informationClass, length);
    }

    private Message Of(
        KnownOpen open, Smb2InfoType type, byte informationClass, int length, uint additional = 0, ReadOnlySpan<byte> input = default,
        QueryInfoFlags flags = QueryInfoFlags.None) => source.On(
            open,
            Smb2Command.QueryInfo,
            RequestBody.QueryInfo(open.FileId, type, informationClass, (uint)length, additional, input, flags),
            24,
            length);
}
