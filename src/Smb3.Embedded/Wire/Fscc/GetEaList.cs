namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILE_GET_EA_INFORMATION (MS-FSCC 2.4), the names of the attributes that a QUERY_INFO asks for, checked as a whole:
/// NextEntryOffset (4), EaNameLength (1), EaName with a terminating zero.
/// </summary>
internal readonly ref struct GetEaList
{
    private const int HeaderSize = 5;

    private readonly ReadOnlySpan<byte> _list;

    private GetEaList(ReadOnlySpan<byte> list) => _list = list;

    public static bool TryParse(ReadOnlySpan<byte> source, out GetEaList list)
    {
        list = default;
        var rest = source;
        while (!rest.IsEmpty)
        {
            if (rest.Length < HeaderSize || HeaderSize + rest[4] > rest.Length)
            {
                return false;
            }

            var next = rest.UInt32(0);
            if ((next & 3) != 0 || (next != 0 && (next < HeaderSize + rest[4] || next > rest.Length)))
            {
                return false;
            }

            rest = next == 0 ? default : rest[(int)next..];
        }

        list = new GetEaList(source);
        return true;
    }

    public Enumerator GetEnumerator() => new(_list);

    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        public Enumerator(ReadOnlySpan<byte> list) => _rest = list;

        /// <summary>A name, without its terminator.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            Current = _rest.Slice(HeaderSize, _rest[4]);
            var next = (int)_rest.UInt32(0);
            _rest = next == 0 ? default : _rest[next..];
            return true;
        }
    }
}
