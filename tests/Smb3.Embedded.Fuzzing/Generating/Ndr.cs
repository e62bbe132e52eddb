using System.Buffers.Binary;
using System.Text;

namespace Smb3.Embedded.Fuzzing.Generating;

/// <summary>
/// Writes NDR and the PDUs around it, by itself and not with the server's own writer: what both had wrong would not show.
/// </summary>
internal sealed class Ndr
{
    private readonly List<byte> _bytes = [];
    private uint _referent = 0x20000;

    public int Length => _bytes.Count;

    public byte[] ToArray() => [.. _bytes];

    public Ndr U16(ushort value)
    {
        Align(2);
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public Ndr U32(uint value)
    {
        Align(4);
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public Ndr Guid(Guid value)
    {
        Align(4);
        _bytes.AddRange(value.ToByteArray());
        return this;
    }

    public Ndr Raw(ReadOnlySpan<byte> value)
    {
        _bytes.AddRange(value);
        return this;
    }

    public Ndr Pointer() => U32(_referent += 4);

    /// <summary>A conformant varying string with its terminator.</summary>
    public Ndr Text(string value)
    {
        U32((uint)value.Length + 1).U32(0).U32((uint)value.Length + 1);
        return Raw(Encoding.Unicode.GetBytes(value + '\0'));
    }

    /// <summary>A unique pointer to a string.</summary>
    public Ndr UniqueText(string? value) => value is null ? U32(0) : Pointer().Text(value);

    /// <summary>An RPC_UNICODE_STRING without its buffer, and the buffer.</summary>
    public Ndr Unicode(string value) => U16((ushort)(value.Length * 2)).U16((ushort)(value.Length * 2)).Pointer();

    public Ndr UnicodeBuffer(string value)
    {
        U32((uint)value.Length).U32(0).U32((uint)value.Length);
        return Raw(Encoding.Unicode.GetBytes(value));
    }

    /// <summary>A PDU of this type around a body (C706 12.6.3.1).</summary>
    public static byte[] Pdu(byte type, uint callId, ReadOnlySpan<byte> body, byte flags = 3)
    {
        var pdu = new byte[16 + body.Length];
        pdu[0] = 5;
        pdu[2] = type;
        pdu[3] = flags;
        pdu[4] = 0x10;
        BinaryPrimitives.WriteUInt16LittleEndian(pdu.AsSpan(8), (ushort)pdu.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(pdu.AsSpan(12), callId);
        body.CopyTo(pdu.AsSpan(16));
        return pdu;
    }

    /// <summary>A request PDU: where its stub begins is <see cref="StubAt"/>.</summary>
    public static byte[] Request(ushort operation, ReadOnlySpan<byte> stub, uint callId, byte flags = 3, ushort context = 0)
    {
        var body = new byte[8 + stub.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(4), context);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(6), operation);
        stub.CopyTo(body.AsSpan(8));
        return Pdu(0, callId, body, flags);
    }

    public const int StubAt = 24;

    private void Align(int alignment)
    {
        while (_bytes.Count % alignment != 0)
        {
            _bytes.Add(0);
        }
    }
}
