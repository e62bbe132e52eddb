namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>Walks the list of names that listxattr(2) returns.</summary>
internal ref struct AttributeNames(ReadOnlySpan<byte> list)
{
    private ReadOnlySpan<byte> _rest = list;

    /// <summary>The present name, with its terminating zero.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Moves on to the next name.</summary>
    public bool MoveNext()
    {
        var end = _rest.IndexOf((byte)0);
        if (end < 0)
        {
            return false;
        }

        Current = _rest[..(end + 1)];
        _rest = _rest[(end + 1)..];
        return true;
    }

    /// <summary>This.</summary>
    public readonly AttributeNames GetEnumerator() => this;
}
