namespace Smb3.Embedded.Wire.Io;

/// <summary>Flags of a lock element (MS-SMB2 2.2.26.1).</summary>
[Flags]
internal enum LockFlags : uint
{
    None = 0,
    Shared = 0x00000001,
    Exclusive = 0x00000002,
    Unlock = 0x00000004,
    FailImmediately = 0x00000010,
}

/// <summary>SMB2_LOCK_ELEMENT (MS-SMB2 2.2.26.1): Offset (8), Length (8), Flags (4), Reserved (4).</summary>
internal readonly record struct LockElement(ulong Offset, ulong Length, LockFlags Flags)
{
    public const int Size = 24;
}

/// <summary>
/// LOCK request (MS-SMB2 2.2.26): StructureSize 48, LockCount (2), LockSequenceNumber (4 bits) and LockSequenceIndex (28 bits),
/// FileId (16), Locks (24 each). A count of zero parses: MS-SMB2 3.3.5.14 gives it a status of its own.
/// </summary>
internal readonly ref struct LockRequest
{
    private const int Body = Smb2Header.Size;
    private const int Fixed = 24;
    private const ushort StructureSize = 48;

    private readonly ReadOnlySpan<byte> _message;

    private LockRequest(ReadOnlySpan<byte> message) => _message = message;

    public int LockCount => _message.UInt16(Body + 2);

    /// <summary>The low four bits; together with the index it tells a repeated request from a new one. Unused in SMB 2.0.2.</summary>
    public byte LockSequenceNumber => (byte)(_message.UInt32(Body + 4) & 0xF);

    /// <summary>The upper 28 bits; 0 is reserved, 1 to 64 are places in the open's array.</summary>
    public uint LockSequenceIndex => _message.UInt32(Body + 4) >> 4;

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    public LockElement this[int index]
    {
        get
        {
            var element = _message.Slice(Body + Fixed + (index * LockElement.Size), LockElement.Size);
            return new LockElement(element.UInt64(0), element.UInt64(8), (LockFlags)element.UInt32(16));
        }
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out LockRequest request)
    {
        request = default;
        if (message.Length < Body + Fixed || message.UInt16(Body) != StructureSize)
        {
            return false;
        }

        if (Body + Fixed + (message.UInt16(Body + 2) * LockElement.Size) > message.Length)
        {
            return false;
        }

        request = new LockRequest(message);
        return true;
    }
}
