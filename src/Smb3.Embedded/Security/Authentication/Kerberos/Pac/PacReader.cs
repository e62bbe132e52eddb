using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Pac;

/// <summary>
/// Reads NDR of the first type serialization (MS-RPCE 2.2.6), little-endian, member by member. When something is not there it fails for good,
/// and everything that it reads from then on is zero.
/// </summary>
internal ref struct PacReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private int _at;

    public bool Failed { get; private set; }

    public void Fail() => Failed = true;

    public void Skip(int count) => Take(count);

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Aligned(sizeof(ushort)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Aligned(sizeof(uint)));

    /// <summary>A FILETIME, which is two numbers and so aligned as they are.</summary>
    public long Time()
    {
        var low = UInt32();
        return (long)(((ulong)UInt32() << 32) | low);
    }

    /// <summary>A pointer, of which only the question whether it is null counts.</summary>
    public bool Pointer() => UInt32() != 0;

    /// <summary>RPC_UNICODE_STRING: the lengths and the pointer; whether the characters follow later.</summary>
    public bool StringHeader()
    {
        UInt16();
        UInt16();
        return Pointer();
    }

    /// <summary>What such a pointer points to.</summary>
    public string StringContent()
    {
        UInt32(); // the most
        var offset = UInt32();
        var count = UInt32();
        if (offset != 0 || count > ushort.MaxValue)
        {
            Fail();
            return string.Empty;
        }

        return System.Text.Encoding.Unicode.GetString(Take((int)count * sizeof(char)));
    }

    /// <summary>A conformant RPC_SID.</summary>
    public Sid? Sid()
    {
        var count = UInt32();
        if (count > Nt.Sid.MaxSubAuthorities)
        {
            Fail();
            return null;
        }

        var bytes = Take(8 + ((int)count * sizeof(uint)));
        if (Nt.Sid.TryRead(bytes, out var sid) && sid.SubAuthorities.Length == count)
        {
            return sid;
        }

        Fail();
        return null;
    }

    /// <summary>The count of an array that follows, of elements that take at least so many bytes.</summary>
    public int Count(uint expected, int elementSize)
    {
        var count = UInt32();
        if (count != expected || count > (uint)(_source.Length - _at) / (uint)elementSize)
        {
            Fail();
            return 0;
        }

        return (int)count;
    }

    private ReadOnlySpan<byte> Aligned(int size)
    {
        _at = (_at + size - 1) & -size;
        return Take(size);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Failed || count < 0 || count > _source.Length - _at)
        {
            Fail();
            return count is > 0 and <= 2 * ushort.MaxValue ? new byte[count] : default;
        }

        var taken = _source.Slice(_at, count);
        _at += count;
        return taken;
    }
}
