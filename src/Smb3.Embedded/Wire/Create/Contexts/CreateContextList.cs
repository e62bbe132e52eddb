namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>
/// The chain of create contexts, checked as a whole (MS-SMB2 2.2.13.2): entries and data on 8-byte boundaries, name and data
/// inside their entry, the name before the data, at least four bytes of name.
/// </summary>
internal readonly ref struct CreateContextList
{
    private readonly ReadOnlySpan<byte> _chain;

    private CreateContextList(ReadOnlySpan<byte> chain) => _chain = chain;

    public bool IsEmpty => _chain.IsEmpty;

    public static bool TryParse(ReadOnlySpan<byte> chain, out CreateContextList list)
    {
        list = default;
        var rest = chain;
        while (!rest.IsEmpty)
        {
            if (!TryMeasure(rest, out var next))
            {
                return false;
            }

            rest = next == 0 ? default : rest[next..];
        }

        list = new CreateContextList(chain);
        return true;
    }

    /// <summary>The first context of this name.</summary>
    public bool TryFind(CreateContextName name, out CreateContext found)
    {
        foreach (var context in this)
        {
            if (context.Name == name)
            {
                found = context;
                return true;
            }
        }

        found = default;
        return false;
    }

    public bool Contains(CreateContextName name) => TryFind(name, out _);

    public Enumerator GetEnumerator() => new(_chain);

    private static bool TryMeasure(ReadOnlySpan<byte> rest, out int next)
    {
        next = 0;
        if (rest.Length < CreateContext.HeaderSize)
        {
            return false;
        }

        var distance = rest.UInt32(0);
        if ((distance & 7) != 0 || (distance != 0 && (distance < CreateContext.HeaderSize || distance > rest.Length)))
        {
            return false;
        }

        next = (int)distance;
        long end = next == 0 ? rest.Length : next;
        int nameOffset = rest.UInt16(4);
        int nameLength = rest.UInt16(6);
        int dataOffset = rest.UInt16(10);
        var dataLength = rest.UInt32(12);
        if ((nameOffset & 7) != 0 || nameOffset < CreateContext.HeaderSize || nameLength < 4 || nameOffset + nameLength > end)
        {
            return false;
        }

        return dataLength == 0
            || ((dataOffset & 7) == 0 && dataOffset >= nameOffset + nameLength && dataOffset + (long)dataLength <= end);
    }

    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        public Enumerator(ReadOnlySpan<byte> chain) => _rest = chain;

        public CreateContext Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            var name = _rest.Slice(_rest.UInt16(4), _rest.UInt16(6));
            Current = new CreateContext(name, MessageBuffer.Slice(_rest, _rest.UInt16(10), _rest.UInt32(12)));
            var next = _rest.UInt32(0);
            _rest = next == 0 ? default : _rest[(int)next..];
            return true;
        }
    }
}
