namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// RETRIEVAL_POINTERS_BUFFER (MS-FSCC 2.3.32): ExtentCount (4), Unused (4), StartingVcn (8), and for each extent NextVcn (8) and Lcn (8). The
/// request is STARTING_VCN_INPUT_BUFFER (2.3.31): StartingVcn (8).
/// </summary>
internal static class RetrievalPointers
{
    /// <summary>The size of the request.</summary>
    public const int RequestSize = sizeof(long);

    /// <summary>The size with one extent, as which the structure counts.</summary>
    public const int MinimumSize = HeaderSize + ExtentSize;

    /// <summary>Lcn of clusters that have no place.</summary>
    public const long NoPlace = -1;

    private const int HeaderSize = 16;
    private const int ExtentSize = 16;

    /// <summary>How many extents fit into <paramref name="room"/> bytes.</summary>
    public static int Fitting(int room) => (room - HeaderSize) / ExtentSize;

    /// <summary>The size with <paramref name="count"/> extents.</summary>
    public static int SizeOf(int count) => HeaderSize + (count * ExtentSize);

    /// <summary>Writes it into a cleared span.</summary>
    public static void Write(Span<byte> target, long startingVcn, ReadOnlySpan<(long NextVcn, long Lcn)> extents)
    {
        target.Put(0, (uint)extents.Length);
        target.Put(8, startingVcn);
        for (var i = 0; i < extents.Length; i++)
        {
            target.Put(HeaderSize + (i * ExtentSize), extents[i].NextVcn);
            target.Put(HeaderSize + (i * ExtentSize) + sizeof(long), extents[i].Lcn);
        }
    }
}
