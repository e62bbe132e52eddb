namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>A counted list of 16-bit identifiers in order of preference, as negotiate contexts hold them.</summary>
internal readonly ref struct WireIdList
{
    private readonly ReadOnlySpan<byte> _ids;

    private WireIdList(ReadOnlySpan<byte> ids) => _ids = ids;

    public int Count => _ids.Length / sizeof(ushort);

    public ushort this[int index] => _ids.UInt16(index * sizeof(ushort));

    public bool Contains(ushort id)
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i] == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes <paramref name="count"/> identifiers at <paramref name="at"/>; false when they do not all fit.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, int at, int count, out WireIdList list)
    {
        var size = count * sizeof(ushort);
        if (at + size > data.Length)
        {
            list = default;
            return false;
        }

        list = new WireIdList(data.Slice(at, size));
        return true;
    }
}
