using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Rpc.Ndr;

/// <summary>
/// Writes NDR, transfer syntax 2.0, little-endian, into a pooled buffer that grows. Alignment counts from the start of the stub; gaps
/// are zero. For a structure with embedded pointers, the pointers are written in place and the pointees after the structure.
/// </summary>
internal sealed class NdrWriter : IDisposable
{
    /// <summary>The most characters that an RPC_UNICODE_STRING can have.</summary>
    private const int MaxUnicodeStringChars = ushort.MaxValue / 2;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private uint _referent = 0x00020000;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    public void WriteByte(byte value) => Add(1, 1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Add(2, 2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Add(4, 4), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Add(4, 4), value);

    public void WriteGuid(Guid value) => value.TryWriteBytes(Add(16, 4));

    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(Add(value.Length, 1));

    public void Align(int alignment) => Add(0, alignment);

    /// <summary>A unique pointer whose pointee the caller writes where it belongs.</summary>
    public void WritePointer(bool present = true)
    {
        WriteUInt32(present ? _referent : 0);
        if (present)
        {
            _referent += 4;
        }
    }

    /// <summary>A null pointer.</summary>
    public void WriteNull() => WriteUInt32(0);

    /// <summary>A conformant varying string of UTF-16 with its terminator, [string].</summary>
    public void WriteString(string value)
    {
        var count = (uint)value.Length + 1;
        WriteUInt32(count);
        WriteUInt32(0);
        WriteUInt32(count);
        WriteChars(value);
        WriteUInt16(0);
    }

    /// <summary>The part of an RPC_UNICODE_STRING that stands in its structure.</summary>
    public void WriteUnicodeString(string value)
    {
        var length = (ushort)(Math.Min(value.Length, MaxUnicodeStringChars) * 2);
        Align(4);
        WriteUInt16(length);
        WriteUInt16(length);
        WritePointer(length > 0);
    }

    /// <summary>The deferred buffer of an RPC_UNICODE_STRING: without a terminator; nothing for an empty one.</summary>
    public void WriteUnicodeStringBuffer(string value)
    {
        var count = Math.Min(value.Length, MaxUnicodeStringChars);
        if (count == 0)
        {
            return;
        }

        WriteUInt32((uint)count);
        WriteUInt32(0);
        WriteUInt32((uint)count);
        WriteChars(value.AsSpan(0, count));
    }

    /// <summary>An RPC_SID: its conformance, then the binary form.</summary>
    public void WriteSid(Sid value)
    {
        WriteUInt32((uint)value.SubAuthorities.Length);
        value.WriteTo(Add(value.BinaryLength, 4));
    }

    /// <summary>Discards what was written.</summary>
    public void Clear()
    {
        Length = 0;
        _referent = 0x00020000;
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        Length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteChars(ReadOnlySpan<char> value) => MemoryMarshal.AsBytes(value).CopyTo(Add(value.Length * 2, 1));

    private Span<byte> Add(int count, int alignment)
    {
        var start = (Length + alignment - 1) & -alignment;
        var end = checked(start + count);
        if (end > _buffer.Length)
        {
            Grow(end);
        }

        _buffer.AsSpan(Length, start - Length).Clear();
        Length = end;
        return _buffer.AsSpan(start, count);
    }

    private void Grow(int atLeast)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(atLeast, _buffer.Length * 2));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
