using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>Walks a list of attribute-value pairs (MS-NLMP 2.2.2.1): id and length of two bytes each, then the value.</summary>
internal ref struct NtlmAvPairs(ReadOnlySpan<byte> list)
{
    public const int HeaderSize = 4;

    private ReadOnlySpan<byte> _rest = list;

    /// <summary>The pair that <see cref="TryMoveNext"/> came to.</summary>
    public NtlmAvId Id { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Finds a pair. False: it is not there, or the list is broken before it.</summary>
    public static bool TryFind(ReadOnlySpan<byte> list, NtlmAvId id, out ReadOnlySpan<byte> value)
    {
        for (var pairs = new NtlmAvPairs(list); pairs.TryMoveNext();)
        {
            if (pairs.Id == id)
            {
                value = pairs.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether the list ends with its end mark and every value lies inside.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> list)
    {
        var pairs = new NtlmAvPairs(list);
        while (pairs.TryMoveNext())
        {
        }

        return pairs._rest.Length >= HeaderSize && pairs._rest.UInt16(0) == (ushort)NtlmAvId.EndOfList;
    }

    public bool TryMoveNext()
    {
        if (_rest.Length < HeaderSize)
        {
            return false;
        }

        var id = (NtlmAvId)_rest.UInt16(0);
        var length = _rest.UInt16(2);
        if (id == NtlmAvId.EndOfList || length > _rest.Length - HeaderSize)
        {
            return false;
        }

        Id = id;
        Value = _rest.Slice(HeaderSize, length);
        _rest = _rest[(HeaderSize + length)..];
        return true;
    }

    /// <summary>Writes a pair and returns where the next one goes.</summary>
    public static int Put(Span<byte> target, int at, NtlmAvId id, ReadOnlySpan<byte> value)
    {
        target.Put(at, (ushort)id);
        target.Put(at + 2, (ushort)value.Length);
        value.CopyTo(target[(at + HeaderSize)..]);
        return at + HeaderSize + value.Length;
    }
}
