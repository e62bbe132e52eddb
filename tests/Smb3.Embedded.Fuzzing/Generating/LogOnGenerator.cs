using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>Logons: new ones, further channels, again, after a loss; with tokens that are right, changed, and cut at every length.</summary>
internal sealed class LogOnGenerator(Source source)
{
    private readonly Chance _chance = source.Chance;

    public LogOnStep Next(int slot)
    {
        var step = new LogOnStep(slot, source.NextNumber(), User())
        {
            Raw = _chance.OneIn(8),
            WithoutMic = _chance.OneIn(6),
            WrongPassword = _chance.OneIn(15),
        };
        switch (_chance.Next(6))
        {
            case 0 when source.Pick(source.World.Sessions.Values, MayBind) is { } session:
                step = step with { BindTo = session.Number, User = FuzzServer.Users[0] };
                break;
            case 1 when source.Session() is { } session:
                step = step with { Again = session.Number };
                break;
            case 2 when source.World.Sessions.Count > 0:
                step = step with { Previous = _chance.Of<int>([.. source.World.Sessions.Keys]) };
                break;
        }

        if (!_chance.OneIn(8))
        {
            return step;
        }

        return _chance.Next(4) switch
        {
            0 => step with { Broken = _chance.Next(2), Cut = _chance.Next(420) },
            1 => step with { StopAfter = 1 },
            _ => step with { Broken = _chance.Next(2), Edits = Edits() },
        };
    }

    private string User() => _chance.Next(12) switch
    {
        0 => string.Empty,
        1 => "nobody",
        2 or 3 => FuzzServer.Users[1],
        _ => FuzzServer.Users[0],
    };

    private bool MayBind(FuzzSession session) =>
        !session.HasEnded && session.Keys is not null && session.Dialect == source.Client.Dialect && session.SignerOn(source.Client) is null;

    private Edit[] Edits()
    {
        var edits = new Edit[_chance.Between(1, 3)];
        for (var i = 0; i < edits.Length; i++)
        {
            edits[i] = new Edit(
                _chance.OneIn(2) ? _chance.Next(60) : _chance.Next(420),
                _chance.OneIn(3) ? BitConverter.GetBytes((uint)_chance.Edge()) : _chance.Bytes(_chance.Between(1, 2)));
        }

        return edits;
    }
}
