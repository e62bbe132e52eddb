using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Fuzzing.Mutating;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>Chooses what happens next in a round: a client that has nothing yet gets it, the others do what clients do, and some of it is broken.</summary>
internal sealed class StepGenerator
{
    private const int CreditsKept = 24;
    private static readonly string[] Beginning = ["dir", @"dir\sub", "Tree", "a", @"dir.txt", "f1"];

    private readonly Source _source;
    private readonly Chance _chance;
    private readonly Mutator _mutator;
    private readonly IGenerator[] _generators;
    private readonly NegotiateGenerator _negotiate;
    private readonly ConnectionGenerator _connection;
    private readonly CreateGenerator _create;
    private readonly BytesGenerator _bytes;
    private readonly LogOnGenerator _logOn;
    private readonly int _clients;

    /// <summary>Of a thousand requests so many are broken.</summary>
    private readonly int _broken;

    public StepGenerator(Chance chance, World world)
    {
        _chance = chance;
        _source = new Source(chance, world);
        _mutator = new Mutator(chance);
        _negotiate = new NegotiateGenerator(_source);
        _connection = new ConnectionGenerator(_source);
        _create = new CreateGenerator(_source);
        _bytes = new BytesGenerator(chance);
        _logOn = new LogOnGenerator(_source);
        _generators =
        [
            _create, _connection, new DataGenerator(_source), new LockGenerator(_source), new DirectoryGenerator(_source),
            new QueryInfoGenerator(_source), new SetInfoGenerator(_source), new IoctlGenerator(_source), new PipeGenerator(_source),
        ];
        _clients = chance.Of(1, 2, 2, 3, 4);
        _broken = chance.Of(0, 50, 150, 300, 600);
    }

    private int _begun;
    private int _filled;

    private World World => _source.World;

    public Step Next()
    {
        var slot = _chance.Next(_clients);
        if (!World.Clients.TryGetValue(slot, out var client) || client.IsClosed || (client.IsLoose && _chance.OneIn(8)))
        {
            return new ConnectStep(slot);
        }

        _source.Client = client;
        if (client.Negotiated is null)
        {
            return client.IsLoose ? new ConnectStep(slot)
                : _chance.OneIn(25) ? _bytes.Greeting(slot)
                : Frame([_negotiate.Next()], mayBreak: _chance.OneIn(12));
        }

        if (_source.Session() is null)
        {
            if (client.LogOns > 3)
            {
                return new ConnectStep(slot);
            }

            return _chance.OneIn(12) ? Frame([Stranger()]) : _logOn.Next(slot);
        }

        if (client.Credits < CreditsKept)
        {
            return client.Credits <= 0 ? new ConnectStep(slot) : Frame([MoreCredits()], mayBreak: false);
        }

        if (_source.Tree() is null)
        {
            return Frame([_connection.Connect(_chance.OneIn(5) ? "IPC$" : "data")!], mayBreak: _chance.OneIn(20));
        }

        if (_begun == Beginning.Length && _filled < 4 && _source.File() is { } file)
        {
            _filled++;
            var data = _chance.Bytes(_chance.Between(1000, 9000));
            return Frame([_source.On(file, Smb2Command.Write, RequestBody.Write(file.FileId, 0, data), 16, data.Length)], mayBreak: false);
        }

        if (_begun < Beginning.Length && _source.Tree(tree => tree.Type == Smb2ShareType.Disk) is { } disk)
        {
            return Frame([_create.Plain(disk, Beginning[_begun++])], mayBreak: false);
        }

        return _chance.Weighted([750, 150, 6, 3, 8, 3]) switch
        {
            0 => Frame([One()]),
            1 => Frame(Compound()),
            2 => new WaitStep(_chance.Of(1, 500, 3000, 36_000, 36_000, 90_000)),
            3 => _chance.OneIn(2) ? new CloseStep(slot) : new ConnectStep(slot),
            4 => _logOn.Next(slot),
            _ => _bytes.Garbage(slot),
        };
    }

    /// <summary>A request that the generators make, whichever comes to it.</summary>
    private Message One()
    {
        Span<int> weights = stackalloc int[_generators.Length];
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = _generators[i].Weight;
        }

        for (var tries = 0; tries < 8; tries++)
        {
            if (_generators[_chance.Weighted(weights)].Next() is { } message)
            {
                return message;
            }
        }

        return MoreCredits();
    }

    /// <summary>What somebody sends who has not logged on.</summary>
    private Message Stranger()
    {
        var id = new Smb2FileId(1, 1);
        var (command, body) = _chance.Next(5) switch
        {
            0 => (Smb2Command.Echo, RequestBody.Empty()),
            1 => (Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\data")),
            2 => (Smb2Command.Create, RequestBody.Create("a")),
            3 => (Smb2Command.Read, RequestBody.Read(id, 0, 100)),
            _ => (Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.ValidateNegotiateInfo, id, new byte[26])),
        };
        return new Message(_source.NextNumber(), command, body);
    }

    private Message MoreCredits() =>
        new(_source.NextNumber(), Smb2Command.Echo, RequestBody.Empty()) { CreditsWanted = (ushort)_chance.Between(100, 400) };

    private Message[] Compound()
    {
        var messages = new List<Message>();
        if (_chance.OneIn(3))
        {
            // Of nothing to do with each other.
            for (var count = _chance.Between(2, 4); count > 0; count--)
            {
                messages.Add(One());
            }

            return [.. messages];
        }

        messages.Add(_chance.OneIn(2) && _source.Tree(tree => tree.Type == Smb2ShareType.Disk) is { } disk ? _create.OnDisk(disk) : One());
        var first = messages[0].Command == Smb2Command.Create ? messages[0].Number
            : messages[0].References.FirstOrDefault(one => one.Kind == ReferenceKind.File).Of;
        for (var count = _chance.Between(1, 4); count > 0; count--)
        {
            messages.Add(Relate(One(), first));
        }

        if (messages[0].Command == Smb2Command.Create && _chance.OneIn(2))
        {
            var last = new Smb2FileId(ulong.MaxValue, ulong.MaxValue);
            messages.Add(Relate(new Message(_source.NextNumber(), Smb2Command.Close, RequestBody.Close(last))
            {
                Session = messages[0].Session,
                Tree = messages[0].Tree,
            }, first));
        }

        return [.. messages];
    }

    /// <summary>Makes a request go on from the one before: its file is that one's.</summary>
    private Message Relate(Message message, int first)
    {
        if (_chance.OneIn(8) || message.Command == Smb2Command.Cancel)
        {
            return message;
        }

        var related = message with { Flags = message.Flags | Smb2HeaderFlags.Related, RelatedTo = first };
        if (message.References.Length == 0 || message.References[0].Kind != ReferenceKind.File || message.Command == Smb2Command.Create)
        {
            return related;
        }

        var body = (byte[])message.Body.Clone();
        body.AsSpan(message.References[0].At, 16).Fill(0xFF);
        return related with { Body = body, References = message.References[1..] };
    }

    private FrameStep Frame(Message[] messages, bool mayBreak = true)
    {
        var client = _source.Client;
        var mayBePlain = !NeedsProtection(client, messages[0]) || _chance.OneIn(100);
        var frame = new FrameStep(client.Slot, messages)
        {
            Protection = _chance.Weighted([50, mayBePlain ? 35 : 0, 15]) switch { 0 => Protection.Usual, 1 => Protection.Plain, _ => Protection.Sealed },
        };
        if (!mayBreak || _chance.Next(1000) >= _broken)
        {
            return frame;
        }

        var at = _chance.Next(messages.Length);
        switch (_chance.Next(40))
        {
            case < 33:
                messages[at] = _mutator.Body(messages[at]);
                return frame;
            case < 37:
                messages[at] = _mutator.Header(messages[at]);
                return frame;
            case 37:
                return frame with { Edits = _mutator.Edits(messages.Sum(message => message.Body.Length + Smb2Header.Size)) };
            case 38:
                return frame with { Cut = _chance.Next(messages.Sum(message => message.Body.Length + Smb2Header.Size)) };
            default:
                return _chance.OneIn(2)
                    ? frame with { Compressed = _chance.Between(1, 2) }
                    : frame with { Messages = [.. messages, messages[0] with { Target = messages[0].Number }] };
        }
    }

    /// <summary>Whether the server refuses what is neither signed nor sealed.</summary>
    private bool NeedsProtection(FuzzClient client, Message message) =>
        (client.Negotiated is { } answer && (answer.SecurityMode & Smb2SecurityMode.SigningRequired) != 0)
        || (World.Sessions.TryGetValue(message.Session, out var session) && session.EncryptsAll)
        || (client.Dialect == Smb2Dialect.Smb311 && message.Command == Smb2Command.TreeConnect);
}
