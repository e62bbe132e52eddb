namespace Smb3.Embedded.Wire.Fscc;

/// <summary>A list of extended attributes from a client, in a create context or a SET_INFO, checked as a whole.</summary>
internal readonly ref struct FullEaList
{
    private readonly ReadOnlySpan<byte> _list;

    private FullEaList(ReadOnlySpan<byte> list) => _list = list;

    /// <summary>
    /// False when an entry runs past the end, does not begin on a 4-byte boundary, or has no zero after its name: the answer is then
    /// STATUS_EA_LIST_INCONSISTENT, and <paramref name="errorOffset"/> says where.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> source, out FullEaList list, out int errorOffset)
    {
        list = default;
        errorOffset = 0;
        while (errorOffset < source.Length)
        {
            var rest = source[errorOffset..];
            if (rest.Length < FullEaInformation.HeaderSize)
            {
                return false;
            }

            var nameEnd = FullEaInformation.HeaderSize + rest[5];
            var end = nameEnd + 1 + rest.UInt16(6);
            var next = rest.UInt32(0);
            if (end > rest.Length || rest[nameEnd] != 0 || (next & 3) != 0 || (next != 0 && (next < end || next > rest.Length)))
            {
                return false;
            }

            if (next == 0)
            {
                break;
            }

            errorOffset += (int)next;
        }

        list = new FullEaList(source);
        return true;
    }

    public Enumerator GetEnumerator() => new(_list);

    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        public Enumerator(ReadOnlySpan<byte> list) => _rest = list;

        public FullEaInformation Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int nameLength = _rest[5];
            var name = _rest.Slice(FullEaInformation.HeaderSize, nameLength);
            var value = _rest.Slice(FullEaInformation.HeaderSize + nameLength + 1, _rest.UInt16(6));
            Current = new FullEaInformation(_rest[4], name, value);
            var next = (int)_rest.UInt32(0);
            _rest = next == 0 ? default : _rest[next..];
            return true;
        }
    }
}
