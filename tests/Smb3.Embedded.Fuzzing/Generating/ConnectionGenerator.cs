using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>ECHO, CANCEL, TREE_CONNECT, TREE_DISCONNECT, LOGOFF, and answers to breaks.</summary>
internal sealed class ConnectionGenerator(Source source) : IGenerator
{
    private readonly Chance _chance = source.Chance;

    public int Weight => 8 + (source.World.Breaks.Count > 0 ? 20 : 0) + (source.Client.Calls.Count > 3 ? 20 : 0);

    public Message? Next()
    {
        if (source.World.Breaks.Exists(one => one.Client == source.Client.Slot) && _chance.OneIn(2))
        {
            return Acknowledge();
        }

        return _chance.Weighted([10, source.Client.Calls.Count > 0 ? 30 : 1, 20, 4, 1]) switch
        {
            0 => new Message(source.NextNumber(), Smb2Command.Echo, RequestBody.Empty())
            {
                CreditsWanted = (ushort)_chance.Next(300),
                Session = source.Session()?.Number ?? 0,
            },
            1 => Cancel(),
            2 => Connect(),
            3 => Disconnect(),
            _ => source.Session() is { } session
                ? new Message(source.NextNumber(), Smb2Command.Logoff, RequestBody.Empty()) { Session = session.Number }
                : null,
        };
    }

    /// <summary>A TREE_CONNECT to some share.</summary>
    public Message? Connect(string? share = null)
    {
        if (source.Session() is not { } session)
        {
            return null;
        }

        share ??= _chance.Of("data", "data", "sealed", "readonly", "posix", "open", "ca", "ca", "IPC$", "ipc$", "space", "none");
        var path = _chance.OneIn(20) ? share : $@"\\server\{share}";
        return new Message(source.NextNumber(), Smb2Command.TreeConnect, RequestBody.TreeConnect(path)) { Session = session.Number };
    }

    private Message? Disconnect() =>
        source.World.Trees.Count > 3 && source.Tree() is { } tree
            ? new Message(source.NextNumber(), Smb2Command.TreeDisconnect, RequestBody.Empty()) { Session = tree.Session, Tree = tree.Number }
            : null;

    private Message? Cancel()
    {
        if (source.Pick(source.Client.Calls.Values, call => call.Message.Number != 0) is not { } call)
        {
            return null;
        }

        return new Message(source.NextNumber(), Smb2Command.Cancel, RequestBody.Empty())
        {
            Session = call.Message.Session,
            Tree = call.AsyncId != 0 ? 0 : call.Message.Tree,
            Target = call.Message.Number,
            ByAsyncId = call.AsyncId != 0 && !_chance.OneIn(4),
            CreditsWanted = 0,
        };
    }

    private Message? Acknowledge()
    {
        var at = source.World.Breaks.FindIndex(one => one.Client == source.Client.Slot);
        var one = source.World.Breaks[at];
        var wantsNone = one.Break.IsLease
            ? !one.Break.AcknowledgmentRequired
            : source.World.Opens.Find(open => open.Number == one.Open) is not { Oplock: not Smb2OplockLevel.LevelII };
        if (wantsNone && !_chance.OneIn(20))
        {
            source.World.Breaks.RemoveAt(at);
            return null;
        }

        if (!_chance.OneIn(10))
        {
            source.World.Breaks.RemoveAt(at);
        }

        if (one.Break.IsLease)
        {
            var tree = source.Tree();
            var state = _chance.OneIn(5) ? (Smb2LeaseState)_chance.Next(8) : one.Break.NewState;
            return new Message(
                source.NextNumber(), Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(one.Break.LeaseKey, state))
            {
                Session = tree?.Session ?? one.Session,
                Tree = tree?.Number ?? one.Tree,
            };
        }

        var level = _chance.OneIn(5) ? _chance.Of(Smb2OplockLevel.None, Smb2OplockLevel.LevelII, Smb2OplockLevel.Batch) : one.Break.OplockLevel;
        return new Message(source.NextNumber(), Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(one.Break.FileId, level))
        {
            Session = one.Session,
            Tree = one.Tree,
            References = [new Reference(ReferenceKind.File, one.Open, 8)],
        };
    }
}
