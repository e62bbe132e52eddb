using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>What the generators draw from: chance, the live state, and a few names and keys so that requests meet.</summary>
internal sealed class Source(Chance chance, World world)
{
    private static readonly string[] Directories = ["", "", "", "", "dir", "dir", "dir", "Tree", "Tree", @"dir\sub", @"dir\sub", @"DIR\SUB", "missing"];
    private static readonly string[] Files = ["a", "b.txt", "C.TXT", "lange datei.name", "ä", "x.y.z", "f1", "f2"];
    private static readonly string[] Odd =
    [
        "*", "?", "a*", "<.", "..", ".", @"..\..\x", "CON", "nul.txt", "a.", "a ", ":", "a:", "a::$DATA", "a:s", "a:s:$DATA", "a:s:$BAD",
        ":s", "dir:s", "a\0b", "a/b", "\"", "\u0001", "\uD800", "AAAAAA~1", "@GMT-2026.01.01-00.00.00", @"\\", @"\a", "$Extend\\$Quota:$Q:$INDEX_ALLOCATION",
        new string('n', 255), new string('n', 256), new string('p', 4000), ".smb3", "._a",
    ];

    private int _number;

    public Chance Chance { get; } = chance;

    public World World { get; } = world;

    /// <summary>The client that the next request comes from.</summary>
    public FuzzClient Client { get; set; } = null!;

    public int NextNumber() => ++_number;

    public FuzzSession? Session() => Pick(World.Sessions.Values, session => !session.HasEnded && session.Channels.Contains(Client));

    public KnownTree? Tree(Func<KnownTree, bool>? wanted = null) =>
        Pick(World.Trees.Values, tree => IsOurs(tree.Session) && (wanted is null || wanted(tree)));

    public KnownOpen? Open(Func<KnownOpen, bool>? wanted = null) =>
        Pick(World.Opens, open => IsOurs(open.Session) && (wanted is null || wanted(open)));

    public KnownOpen? File() => Open(open => open is { IsDirectory: false, IsPipe: false });

    public KnownOpen? Directory() => Open(open => open.IsDirectory);

    public KnownOpen? FileOrDirectory() => Open(open => !open.IsPipe);

    public KnownOpen? Pipe() => Open(open => open.IsPipe);

    public T? Pick<T>(IEnumerable<T> all, Func<T, bool> wanted)
        where T : class
    {
        T? picked = null;
        var seen = 0;
        foreach (var one in all)
        {
            if (wanted(one) && Chance.Next(++seen) == 0)
            {
                picked = one;
            }
        }

        return picked;
    }

    public string Name()
    {
        if (Chance.OneIn(20))
        {
            return Chance.Of<string>(Odd);
        }

        var directory = Chance.Of<string>(Directories);
        var name = Chance.Of<string>(Files);
        name = Chance.OneIn(10) ? $"{name}:{Chance.Of("s", "Zone.Identifier", "AFP_AfpInfo")}" : name;
        return directory.Length == 0 ? name : $@"{directory}\{name}";
    }

    public string DirectoryName() => Chance.Of("", "dir", "Tree", @"dir\sub", "dir2");

    /// <summary>A lease key of the machine that the client is on; often one that is in use.</summary>
    public Guid LeaseKey() => new(Chance.Next(6), (short)(Client.Slot / 2), 7, 8, 9, 10, 11, 12, 13, 14, 15);

    public Guid AnyGuid() => new(Chance.Next(8), 3, 3, 3, 3, 3, 3, 3, 3, 3, 3);

    public long Offset() => Chance.Next(20) switch
    {
        0 => (long)Chance.Edge(),
        < 12 => Chance.Next(256),
        < 18 => Chance.Next(1 << 16),
        _ => Chance.Next(1 << 20),
    };

    public int Length() => Chance.Next(30) switch
    {
        0 => Chance.Next(200_000),
        < 4 => Chance.Next(9000),
        _ => Chance.Next(300),
    };

    /// <summary>A request on an open.</summary>
    public Message On(KnownOpen open, Smb2Command command, byte[] body, int at, int payload = 0, params ReadOnlySpan<Reference> more) =>
        new(NextNumber(), command, body)
        {
            Session = open.Session,
            Tree = open.Tree,
            Payload = payload,
            References = [new Reference(ReferenceKind.File, open.Number, at), .. more],
        };

    private bool IsOurs(int session) =>
        World.Sessions.TryGetValue(session, out var known) && !known.HasEnded && known.Channels.Contains(Client);
}
