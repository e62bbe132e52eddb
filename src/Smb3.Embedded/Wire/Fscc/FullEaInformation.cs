namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// One FILE_FULL_EA_INFORMATION (MS-FSCC 2.4): NextEntryOffset (4), Flags (1), EaNameLength (1), EaValueLength (2), EaName
/// with a terminating zero, EaValue. Names are ASCII.
/// </summary>
internal readonly ref struct FullEaInformation
{
    public const int HeaderSize = 8;
    public const byte NeedEa = 0x80;

    public FullEaInformation(byte flags, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Flags = flags;
        Name = name;
        Value = value;
    }

    public byte Flags { get; }

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Empty in a SET_INFO removes the attribute.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>Appends an attribute; the cursor's alignment is 4. False, with nothing changed, if it does not fit.</summary>
    public static bool TryWrite(
        ref EntryListCursor cursor,
        Span<byte> buffer,
        byte flags,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        if (!cursor.TryBegin(buffer, HeaderSize + name.Length + 1 + value.Length, out var entry))
        {
            return false;
        }

        entry[4] = flags;
        entry[5] = (byte)name.Length;
        entry.Put(6, (ushort)value.Length);
        name.CopyTo(entry[HeaderSize..]);
        value.CopyTo(entry[(HeaderSize + name.Length + 1)..]);
        return true;
    }
}
