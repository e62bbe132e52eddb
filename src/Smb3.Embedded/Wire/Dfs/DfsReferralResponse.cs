namespace Smb3.Embedded.Wire.Dfs;

/// <summary>ReferralHeaderFlags (MS-DFSC 2.2.4).</summary>
[Flags]
internal enum DfsReferralFlags : uint
{
    None = 0,

    /// <summary>All targets are roots of namespaces, which answer referral requests.</summary>
    ReferralServers = 0x00000001,

    /// <summary>All targets can be used without another referral.</summary>
    StorageServers = 0x00000002,

    /// <summary>A client goes back to a better target when it is there again. Only in version 4.</summary>
    TargetFailback = 0x00000004,
}

/// <summary>One target of a referral.</summary>
/// <param name="Target">Where it is: <c>\server\share</c> or below.</param>
/// <param name="StartsSet">Whether it is the first of a set of targets that are as good as each other.</param>
internal readonly record struct DfsReferralEntry(string Target, bool StartsSet);

/// <summary>
/// RESP_GET_DFS_REFERRAL (MS-DFSC 2.2.4): PathConsumed (2), NumberOfReferrals (2), ReferralHeaderFlags (4), the entries, their strings.
/// All entries begin with VersionNumber (2), Size (2), ServerType (2), ReferralEntryFlags (2) and go on, by version:
/// <code>
/// 1  ShareName with its terminating zero
/// 2  Proximity (4), TimeToLive (4), DFSPathOffset (2), DFSAlternatePathOffset (2), NetworkAddressOffset (2)
/// 3  TimeToLive (4), DFSPathOffset (2), DFSAlternatePathOffset (2), NetworkAddressOffset (2), ServiceSiteGuid (16)
/// 4  as 3; a flag says where a set of targets begins
/// </code>
/// Offsets count from the beginning of their entry.
/// </summary>
internal sealed record DfsReferralResponse
{
    public const ushort MaxVersion = 4;

    private const int HeaderSize = 8;
    private const int EntryHeaderSize = 8;
    private const ushort StartsSet = 0x0004;

    /// <summary>1 to <see cref="MaxVersion"/>.</summary>
    public required ushort Version { get; init; }

    /// <summary>Bytes of the path that was asked for which the referral stands for.</summary>
    public required int PathConsumed { get; init; }

    public required DfsReferralFlags Flags { get; init; }

    /// <summary>Whether the targets are those of a root.</summary>
    public required bool IsRoot { get; init; }

    /// <summary>In seconds.</summary>
    public required uint TimeToLive { get; init; }

    /// <summary>The root or link that the targets are those of.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<DfsReferralEntry> Entries { get; init; }

    private int EntrySize => Version switch { 1 => EntryHeaderSize, 2 => 22, _ => 34 };

    /// <summary>
    /// The response with as many of the entries as fit, each of them whole; <see langword="null"/> when not even one does
    /// (MS-DFSC 3.2.5.1).
    /// </summary>
    public byte[]? TryWrite(int maxSize)
    {
        // The offsets have 16 bits, so the strings are not further away than that either.
        var room = Math.Min(maxSize, HeaderSize + ushort.MaxValue) - HeaderSize - (Version > 1 ? SizeOf(Path) : 0);
        var count = 0;
        while (count < Entries.Count && EntrySize + SizeOf(Entries[count].Target) is var size && size <= room)
        {
            room -= size;
            count++;
        }

        if (room < 0 || (count == 0 && Entries.Count > 0))
        {
            return null;
        }

        var total = HeaderSize + (Version > 1 && count > 0 ? SizeOf(Path) : 0);
        for (var i = 0; i < count; i++)
        {
            total += EntrySize + SizeOf(Entries[i].Target);
        }

        var output = new byte[total];
        Write(output, count);
        return output;
    }

    private static int SizeOf(string text) => (text.Length + 1) * sizeof(char);

    private void Write(Span<byte> output, int count)
    {
        output.Put(0, (ushort)PathConsumed);
        output.Put(2, (ushort)count);
        output.Put(4, (uint)(Version == MaxVersion ? Flags : Flags & ~DfsReferralFlags.TargetFailback));
        if (Version == 1)
        {
            WriteFirstVersion(output, count);
            return;
        }

        var path = HeaderSize + (count * EntrySize);
        var strings = path + (count > 0 ? output.PutUtf16(path, Path) + sizeof(char) : 0);
        for (var i = 0; i < count; i++)
        {
            var at = HeaderSize + (i * EntrySize);
            var fields = at + (Version == 2 ? 12 : EntryHeaderSize);
            WriteHeader(output[at..], EntrySize);
            output.Put(at + 6, (ushort)(Version == MaxVersion && Entries[i].StartsSet ? StartsSet : 0));
            output.Put(fields, TimeToLive);
            output.Put(fields + 4, (ushort)(path - at));
            output.Put(fields + 6, (ushort)(path - at));
            output.Put(fields + 8, (ushort)(strings - at));
            strings += output.PutUtf16(strings, Entries[i].Target) + sizeof(char);
        }
    }

    private void WriteFirstVersion(Span<byte> output, int count)
    {
        var at = HeaderSize;
        for (var i = 0; i < count; i++)
        {
            var size = EntryHeaderSize + SizeOf(Entries[i].Target);
            WriteHeader(output[at..], size);
            output.PutUtf16(at + EntryHeaderSize, Entries[i].Target);
            at += size;
        }
    }

    private void WriteHeader(Span<byte> entry, int size)
    {
        entry.Put(0, Version);
        entry.Put(2, (ushort)size);
        entry.Put(4, (ushort)(IsRoot ? 1 : 0));
    }
}
