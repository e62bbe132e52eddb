namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>The negotiate contexts of a message, checked as a whole: each begins on the next 8-byte boundary.</summary>
internal readonly ref struct NegotiateContextList
{
    private readonly ReadOnlySpan<byte> _contexts;

    private NegotiateContextList(ReadOnlySpan<byte> contexts, int count)
    {
        _contexts = contexts;
        Count = count;
    }

    public int Count { get; }

    /// <summary>False when the list runs past the end of <paramref name="source"/>, which begins with the first context.</summary>
    public static bool TryParse(ReadOnlySpan<byte> source, int count, out NegotiateContextList list)
    {
        list = default;
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            if (at > source.Length - NegotiateContext.HeaderSize)
            {
                return false;
            }

            var end = at + NegotiateContext.HeaderSize + source.UInt16(at + 2);
            if (end > source.Length)
            {
                return false;
            }

            at = LittleEndian.Align8(end);
        }

        list = new NegotiateContextList(source, count);
        return true;
    }

    /// <summary>How many contexts of this type there are: more than one of most types makes the request invalid.</summary>
    public int CountOf(NegotiateContextType type)
    {
        var found = 0;
        foreach (var context in this)
        {
            found += context.Type == type ? 1 : 0;
        }

        return found;
    }

    /// <summary>The first context of this type.</summary>
    public bool TryFind(NegotiateContextType type, out NegotiateContext found)
    {
        foreach (var context in this)
        {
            if (context.Type == type)
            {
                found = context;
                return true;
            }
        }

        found = default;
        return false;
    }

    public Enumerator GetEnumerator() => new(_contexts, Count);

    internal ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _contexts;
        private int _left;
        private int _next;

        public Enumerator(ReadOnlySpan<byte> contexts, int count)
        {
            _contexts = contexts;
            _left = count;
        }

        public NegotiateContext Current { get; private set; }

        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            _left--;
            var length = _contexts.UInt16(_next + 2);
            var data = _contexts.Slice(_next + NegotiateContext.HeaderSize, length);
            Current = new NegotiateContext((NegotiateContextType)_contexts.UInt16(_next), data);
            _next = LittleEndian.Align8(_next + NegotiateContext.HeaderSize + length);
            return true;
        }
    }
}
