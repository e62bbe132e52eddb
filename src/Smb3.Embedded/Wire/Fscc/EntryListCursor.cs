namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// How far a list of entries has got in its buffer: entries begin with the offset of the next one and stand on boundaries of eight
/// (directory entries, streams) or four bytes (EAs, notifications). Holds no reference to the buffer, so that it survives an await.
/// </summary>
internal struct EntryListCursor
{
    private readonly int _alignment;
    private int _last;

    public EntryListCursor(int alignment)
    {
        _alignment = alignment;
        _last = -1;
    }

    /// <summary>Bytes written; the last entry is not padded.</summary>
    public int Length { get; private set; }

    public int Count { get; private set; }

    /// <summary>
    /// Makes room for an entry of this size, cleared, and links the one before to it. False, with nothing changed, if it does not fit.
    /// </summary>
    public bool TryBegin(Span<byte> buffer, int size, out Span<byte> entry)
    {
        var at = (Length + _alignment - 1) & -_alignment;
        if ((long)at + size > buffer.Length)
        {
            entry = default;
            return false;
        }

        buffer[Length..(at + size)].Clear();
        if (_last >= 0)
        {
            buffer.Put(_last, (uint)(at - _last));
        }

        _last = at;
        Length = at + size;
        Count++;
        entry = buffer.Slice(at, size);
        return true;
    }
}
