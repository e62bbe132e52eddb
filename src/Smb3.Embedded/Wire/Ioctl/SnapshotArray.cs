namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>
/// SRV_SNAPSHOT_ARRAY (MS-SMB2 2.2.32.2): NumberOfSnapShots (4), NumberOfSnapShotsReturned (4), SnapShotArraySize (4),
/// SnapShots: "@GMT-YYYY.MM.DD-HH.MM.SS" each with a terminating zero, and one more zero at the end.
/// </summary>
internal static class SnapshotArray
{
    /// <summary>The output size with which a client asks how much room it needs: everything but names.</summary>
    public const int MinimumSize = 16;

    public const int NamesOffset = 12;

    /// <summary>A name with its terminator.</summary>
    public const int NameSize = 25 * sizeof(char);

    /// <summary>The size of the array of names with its last terminator.</summary>
    public static int ArraySize(int count) => count == 0 ? 0 : (count * NameSize) + sizeof(char);

    /// <summary>Writes the fixed part: how many there are, how many follow, and how much room all of them need.</summary>
    public static void WriteHeader(Span<byte> output, int count, int returned)
    {
        output.Put(0, (uint)count);
        output.Put(4, (uint)returned);
        output.Put(8, (uint)ArraySize(count));
    }

    /// <summary>Writes the name of one snapshot to its place.</summary>
    public static void WriteName(Span<byte> output, int index, DateTimeOffset time)
    {
        Span<char> name = stackalloc char[NameSize / sizeof(char)];
        time.UtcDateTime.TryFormat(
            name, out _, "'@GMT-'yyyy'.'MM'.'dd'-'HH'.'mm'.'ss'\0'", System.Globalization.CultureInfo.InvariantCulture);
        output.PutUtf16(NamesOffset + (index * NameSize), name);
    }

    /// <summary>Writes the last terminator.</summary>
    public static void WriteEnd(Span<byte> output, int returned) => output.Put(NamesOffset + (returned * NameSize), (ushort)0);
}
