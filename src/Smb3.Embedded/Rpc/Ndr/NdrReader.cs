using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Rpc.Ndr;

/// <summary>
/// Reads NDR, transfer syntax 2.0, with integers of either byte order (C706 14, MS-RPCE 2.2.4): primitives at their
/// natural alignment, counted from the start of the stub.
/// </summary>
/// <remarks>
/// Failure is sticky: once something is truncated or contradicts itself, <see cref="Failed"/> is set, every further read gives zero
/// or null, and no position moves. A caller reads all parameters and then asks once; loops are bounded by <see cref="ReadCount"/>,
/// which never gives more elements than the stub has room for.
/// </remarks>
internal ref struct NdrReader(ReadOnlySpan<byte> stub, bool isBigEndian = false)
{
    private const int SidHeaderLength = 8;

    private readonly ReadOnlySpan<byte> _stub = stub;
    private readonly bool _isBigEndian = isBigEndian;
    private int _position;

    /// <summary>Whether any read so far found the stub wrong.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _stub.Length - _position;

    /// <summary>Declares the stub wrong.</summary>
    public void Fail() => Failed = true;

    public byte ReadByte() => Take(1, 1) is [var value] ? value : (byte)0;

    public ushort ReadUInt16() => Take(2, 2) is not { Length: 2 } bytes ? (ushort)0
        : _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes)
        : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    public uint ReadUInt32() => Take(4, 4) is not { Length: 4 } bytes ? 0
        : _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
        : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    public Guid ReadGuid() => Take(16, 4) is { Length: 16 } bytes ? new Guid(bytes, _isBigEndian) : default;

    /// <summary>Bytes without alignment; empty on failure.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count) => Take(count, 1);

    /// <summary>The referent id of a unique pointer (C706 14.3.10): whether the pointee follows.</summary>
    public bool ReadPointer() => ReadUInt32() != 0;

    /// <summary>A unique pointer to a 32-bit value, at top level: the value follows its pointer.</summary>
    public uint? ReadUniqueUInt32() => ReadPointer() ? ReadUInt32() : null;

    /// <summary>
    /// The element count of a conformant array. Fails above <paramref name="max"/>, and when the rest of the stub could not hold so
    /// many elements of <paramref name="elementSize"/> bytes.
    /// </summary>
    public int ReadCount(int max, int elementSize)
    {
        var count = ReadUInt32();
        if (count > (uint)max || (long)count * elementSize > Remaining)
        {
            Failed = true;
        }

        return Failed ? 0 : (int)count;
    }

    /// <summary>
    /// A conformant varying string of UTF-16 with its terminator, [string] (C706 14.3.4.2); null on failure.
    /// </summary>
    public string? ReadString()
    {
        var chars = ReadVaryingChars(out _, out _);
        if (string.IsNullOrEmpty(chars) || chars[^1] != '\0')
        {
            Failed = true;
            return null;
        }

        return chars[..chars.IndexOf('\0', StringComparison.Ordinal)];
    }

    /// <summary>A unique pointer to a [string], at top level; null when the pointer is null or on failure.</summary>
    public string? ReadUniqueString() => ReadPointer() ? ReadString() : null;

    /// <summary>The part of an RPC_UNICODE_STRING (MS-DTYP 2.3.10) that stands in its structure.</summary>
    public NdrUnicodeString ReadUnicodeString()
    {
        Align(4);
        var length = ReadUInt16();
        var maximumLength = ReadUInt16();
        var hasBuffer = ReadPointer();
        if (length > maximumLength || (length & 1) != 0 || (!hasBuffer && length != 0))
        {
            Failed = true;
        }

        return new NdrUnicodeString(length, maximumLength, hasBuffer);
    }

    /// <summary>The deferred buffer of an RPC_UNICODE_STRING; empty when the pointer was null, null on failure.</summary>
    public string? ReadUnicodeStringBuffer(NdrUnicodeString inline)
    {
        if (Failed)
        {
            return null;
        }

        if (!inline.HasBuffer)
        {
            return "";
        }

        var chars = ReadVaryingChars(out var max, out var count);
        if (max != inline.MaximumLength / 2 || count != inline.Length / 2)
        {
            Failed = true;
        }

        return Failed ? null : chars;
    }

    /// <summary>An RPC_SID (MS-DTYP 2.4.2.3): its conformance, then the binary form; null on failure.</summary>
    public Sid? ReadSid()
    {
        var count = ReadCount(Sid.MaxSubAuthorities, 4);
        Span<byte> bytes = stackalloc byte[SidHeaderLength + (4 * Sid.MaxSubAuthorities)];
        bytes = bytes[..(SidHeaderLength + (4 * count))];
        Align(4);
        Take(SidHeaderLength, 1).CopyTo(bytes);
        for (var at = SidHeaderLength; at < bytes.Length; at += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], ReadUInt32());
        }

        if (!Failed && Sid.TryRead(bytes, out var sid) && sid.BinaryLength == bytes.Length)
        {
            return sid;
        }

        Failed = true;
        return null;
    }

    /// <summary>Skips to the next multiple of a power of two.</summary>
    public void Align(int alignment)
    {
        var aligned = (_position + (long)alignment - 1) & -alignment;
        if (aligned > _stub.Length)
        {
            Failed = true;
        }

        if (!Failed)
        {
            _position = (int)aligned;
        }
    }

    private string? ReadVaryingChars(out uint max, out uint count)
    {
        max = ReadUInt32();
        var offset = ReadUInt32();
        count = ReadUInt32();
        if (offset != 0 || count > max || count * 2L > Remaining)
        {
            Failed = true;
        }

        if (Failed)
        {
            return null;
        }

        var units = MemoryMarshal.Cast<byte, ushort>(Take((int)count * 2, 1));
        if (!_isBigEndian)
        {
            return MemoryMarshal.Cast<ushort, char>(units).ToString();
        }

        var swapped = new char[units.Length];
        BinaryPrimitives.ReverseEndianness(units, MemoryMarshal.Cast<char, ushort>(swapped.AsSpan()));
        return new string(swapped);
    }

    private ReadOnlySpan<byte> Take(int count, int alignment)
    {
        Align(alignment);
        if (count > Remaining)
        {
            Failed = true;
        }

        if (Failed)
        {
            return default;
        }

        var taken = _stub.Slice(_position, count);
        _position += count;
        return taken;
    }
}

/// <summary>What an RPC_UNICODE_STRING says about its deferred buffer, in bytes.</summary>
internal readonly record struct NdrUnicodeString(ushort Length, ushort MaximumLength, bool HasBuffer);
