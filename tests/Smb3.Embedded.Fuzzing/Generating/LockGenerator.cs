using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>LOCK: what it locks it may unlock again, and now and then it waits.</summary>
internal sealed class LockGenerator(Source source) : IGenerator
{
    private readonly Chance _chance = source.Chance;
    private readonly List<(int Open, LockElement Range)> _held = [];

    public int Weight => 14;

    public Message? Next()
    {
        if (_held.Count > 0 && _chance.OneIn(2))
        {
            var at = _chance.Next(_held.Count);
            var (number, range) = _held[at];
            _held.RemoveAt(at);
            if (source.Open(open => open.Number == number) is { } holder)
            {
                return Of(holder, [new LockElement(range.Offset, range.Length, LockFlags.Unlock)]);
            }
        }

        if (source.Open(open => open is { IsDirectory: false, IsPipe: false }
            && (open.Access & (FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.MaximumAllowed)) != 0) is not { } file)
        {
            return null;
        }

        var elements = new LockElement[_chance.OneIn(5) ? _chance.Between(2, 5) : 1];
        for (var i = 0; i < elements.Length; i++)
        {
            var wait = elements.Length == 1 && _chance.OneIn(6);
            elements[i] = new LockElement(
                _chance.OneIn(20) ? _chance.Edge() : (ulong)_chance.Next(2000),
                _chance.OneIn(20) ? _chance.Edge() : (ulong)_chance.Next(60),
                (_chance.OneIn(2) ? LockFlags.Shared : LockFlags.Exclusive) | (wait ? 0 : LockFlags.FailImmediately));
        }

        if (_held.Count < 24)
        {
            _held.AddRange(elements.Select(element => (file.Number, element)));
        }

        return Of(file, elements);
    }

    private Message Of(KnownOpen open, LockElement[] elements) => source.On(
        open,
        Smb2Command.Lock,
        _chance.OneIn(8)
            ? RequestBody.Lock(open.FileId, elements, (uint)_chance.Next(66), (byte)_chance.Next(16))
            : RequestBody.Lock(open.FileId, elements),
        8);
}
