namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// How much of a store's capacity everything except file data takes, in bytes: the objects as a 64-bit runtime lays them out, with their
/// share of the tables that hold them, estimated too high rather than too low. A client that fills a store with empty files, names or
/// attributes finds it full before the process runs out of memory.
/// </summary>
internal static class MemoryCosts
{
    /// <summary>A file without data, names or attributes.</summary>
    public const long File = 640;

    /// <summary>A directory without entries.</summary>
    public const long Directory = 832;

    /// <summary>A chunk's slot in the data that it is part of, and the overhead around its bytes.</summary>
    public const long Chunk = 144;

    private const long Text = 32;
    private const long Entry = 176;
    private const long Stream = 576;
    private const long Attributes = 128;
    private const long Attribute = 208;
    private const long Bytes = 32;

    /// <summary>A name in a directory.</summary>
    public static long OfLink(ReadOnlySpan<char> name) => Entry + OfText(name);

    /// <summary>A named stream without data.</summary>
    public static long OfStream(ReadOnlySpan<char> name) => Stream + OfText(name);

    /// <summary>A security descriptor, a reparse point or an object id.</summary>
    public static long OfBytes(int length) => length == 0 ? 0 : Bytes + length;

    /// <summary>The extended attributes of a file.</summary>
    public static long OfAttributes(SortedDictionary<string, ReadOnlyMemory<byte>>? attributes)
    {
        if (attributes is not { Count: > 0 })
        {
            return 0;
        }

        var cost = Attributes;
        foreach (var (name, value) in attributes)
        {
            cost += Attribute + OfText(name) + OfBytes(value.Length);
        }

        return cost;
    }

    private static long OfText(ReadOnlySpan<char> text) => Text + (text.Length * sizeof(char));
}
