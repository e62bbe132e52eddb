using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Mutating;

/// <summary>Where the sizes, offsets, counts, flags and classes of each request are, from the start of its body (MS-SMB2 2.2).</summary>
internal static class BodyFields
{
    private static readonly (int At, int Width)[] Any = [(0, 2), (2, 2), (4, 4)];

    public static (int At, int Width)[] Of(Smb2Command command) => command switch
    {
        Smb2Command.Negotiate => [(0, 2), (2, 2), (4, 2), (8, 4), (28, 4), (32, 2), (36, 2), (38, 2), (50, 2), (56, 2), (58, 2), (64, 2), (66, 2)],
        Smb2Command.SessionSetup => [(0, 2), (2, 1), (3, 1), (4, 4), (12, 2), (14, 2), (16, 8)],
        Smb2Command.TreeConnect => [(0, 2), (2, 2), (4, 2), (6, 2)],
        Smb2Command.Create =>
        [
            (0, 2), (2, 1), (3, 1), (4, 4), (24, 4), (28, 4), (32, 4), (36, 4), (40, 4), (44, 2), (46, 2), (48, 4), (52, 4),

            // The first context of a name of up to eight characters, or of more.
            (56, 4), (60, 2), (62, 2), (66, 2), (68, 4), (72, 4), (76, 2), (78, 2), (82, 2), (84, 4), (88, 4), (92, 2), (94, 2), (100, 4),
        ],
        Smb2Command.Close => [(0, 2), (2, 2), (8, 8), (16, 8)],
        Smb2Command.Flush => [(0, 2), (8, 8), (16, 8)],
        Smb2Command.Read => [(0, 2), (2, 1), (3, 1), (4, 4), (8, 8), (16, 8), (32, 4), (36, 4), (40, 4), (44, 2), (46, 2)],
        Smb2Command.Write => [(0, 2), (2, 2), (4, 4), (8, 8), (16, 8), (32, 4), (36, 4), (40, 2), (42, 2), (44, 4), (48, 4), (56, 4)],
        Smb2Command.Lock => [(0, 2), (2, 2), (4, 4), (8, 8), (24, 8), (32, 8), (40, 4), (48, 8), (56, 8), (64, 4)],
        Smb2Command.Ioctl =>
        [
            (0, 2), (4, 4), (8, 8), (24, 4), (28, 4), (32, 4), (36, 4), (40, 4), (44, 4), (48, 4), (56, 4), (60, 4), (64, 4), (68, 4), (72, 4),
            (80, 4), (84, 4), (88, 4), (96, 4),
        ],
        Smb2Command.QueryDirectory => [(0, 2), (2, 1), (3, 1), (4, 4), (8, 8), (24, 2), (26, 2), (28, 4)],
        Smb2Command.ChangeNotify => [(0, 2), (2, 2), (4, 4), (8, 8), (24, 4)],
        Smb2Command.QueryInfo => [(0, 2), (2, 1), (3, 1), (4, 4), (8, 2), (12, 4), (16, 4), (20, 4), (24, 8), (40, 4), (44, 4), (48, 4)],
        Smb2Command.SetInfo =>
            [(0, 2), (2, 1), (3, 1), (4, 4), (8, 2), (12, 4), (16, 8), (32, 4), (36, 4), (40, 4), (44, 4), (48, 4), (52, 4), (56, 4)],
        Smb2Command.OplockBreak => [(0, 2), (2, 1), (4, 4), (8, 8), (16, 8), (24, 4)],
        _ => Any,
    };
}
