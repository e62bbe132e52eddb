using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>READ, WRITE, FLUSH and CLOSE.</summary>
internal sealed class DataGenerator(Source source) : IGenerator
{
    private readonly Chance _chance = source.Chance;

    public int Weight => 24;

    public Message? Next() => _chance.Weighted([36, 30, 10, source.World.Opens.Count > 16 ? 24 : 8]) switch
    {
        0 => Read(),
        1 => Write(),
        2 => Flush(),
        _ => Close(),
    };

    private static bool Has(FileAccessMask access, FileAccessMask wanted) => (access & (wanted | FileAccessMask.MaximumAllowed)) != 0;

    private Message? Read()
    {
        if (source.Open(open => !open.IsDirectory && Has(open.Access, FileAccessMask.ReadData)) is not { } open)
        {
            return null;
        }

        var length = source.Length();
        var body = RequestBody.Read(
            open.FileId,
            _chance.OneIn(3) ? (ulong)source.Offset() : (ulong)_chance.Next(300),
            (uint)length,
            _chance.OneIn(20) ? (uint)_chance.Edge() : 0,
            _chance.OneIn(10) ? (ReadFlags)_chance.Next(4) : ReadFlags.None,
            _chance.OneIn(40) ? (Smb2Channel)_chance.Next(4) : Smb2Channel.None,
            _chance.OneIn(40) ? _chance.Bytes(16 * _chance.Next(3)) : default);
        return source.On(open, Smb2Command.Read, body, 16, length);
    }

    private Message? Write()
    {
        if (source.Open(open => open is { IsDirectory: false, IsPipe: false } && Has(open.Access, FileAccessMask.WriteData)) is not { } open)
        {
            return null;
        }

        var data = _chance.Bytes(source.Length());
        var offset = _chance.OneIn(60) ? ulong.MaxValue : (ulong)source.Offset();
        var body = RequestBody.Write(
            open.FileId, offset, data, _chance.OneIn(10) ? (WriteFlags)_chance.Next(4) : WriteFlags.None);
        return source.On(open, Smb2Command.Write, body, 16, data.Length);
    }

    private Message? Flush() =>
        source.Open(open => open.IsPipe || Has(open.Access, FileAccessMask.WriteData | FileAccessMask.AppendData)) is { } open
            ? source.On(open, Smb2Command.Flush, RequestBody.Flush(open.FileId), 8)
            : null;

    private Message? Close() => source.Open() is { } open
        ? source.On(open, Smb2Command.Close, RequestBody.Close(open.FileId, (CloseFlags)_chance.Next(2)), 8)
        : null;
}
