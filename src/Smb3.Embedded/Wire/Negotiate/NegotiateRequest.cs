namespace Smb3.Embedded.Wire.Negotiate;

/// <summary>
/// NEGOTIATE request (MS-SMB2 2.2.3), offsets in the body:
/// <code>
///  0 StructureSize 36    2 DialectCount    4 SecurityMode   6 Reserved   8 Capabilities   12 ClientGuid (16)
/// 28 ClientStartTime, or with dialect 3.1.1: NegotiateContextOffset (28), NegotiateContextCount (32), Reserved2
/// 36 Dialects (2 each), padding, NegotiateContextList
/// </code>
/// A dialect count of zero parses: MS-SMB2 3.3.5.4 gives it a status of its own.
/// </summary>
internal readonly ref struct NegotiateRequest
{
    private const ushort StructureSize = 36;

    private readonly ReadOnlySpan<byte> _message;

    private NegotiateRequest(ReadOnlySpan<byte> message) => _message = message;

    public int DialectCount => _message.UInt16(Smb2Header.Size + 2);

    public Smb2SecurityMode SecurityMode => (Smb2SecurityMode)_message.UInt16(Smb2Header.Size + 4);

    public Smb2Capabilities Capabilities => (Smb2Capabilities)_message.UInt32(Smb2Header.Size + 8);

    public Guid ClientGuid => _message.Guid(Smb2Header.Size + 12);

    /// <summary>The dialect at an index of the client's list; it may have any value.</summary>
    public Smb2Dialect Dialect(int index) => (Smb2Dialect)_message.UInt16(Smb2Header.Size + StructureSize + (index * sizeof(ushort)));

    public bool Offers(Smb2Dialect dialect)
    {
        for (var i = 0; i < DialectCount; i++)
        {
            if (Dialect(i) == dialect)
            {
                return true;
            }
        }

        return false;
    }

    public static bool TryParse(ReadOnlySpan<byte> message, out NegotiateRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize))
        {
            return false;
        }

        var parsed = new NegotiateRequest(message);
        if (Smb2Header.Size + StructureSize + (parsed.DialectCount * sizeof(ushort)) > message.Length)
        {
            return false;
        }

        request = parsed;
        return true;
    }

    /// <summary>
    /// The negotiate contexts; present only when dialect 3.1.1 is offered, because otherwise the client's start time is in their place.
    /// False when they are malformed; a count of zero is an empty list.
    /// </summary>
    public bool TryGetContexts(out NegotiateContextList contexts)
    {
        var offset = _message.UInt32(Smb2Header.Size + 28);
        var count = _message.UInt16(Smb2Header.Size + 32);
        if (count == 0)
        {
            contexts = default;
            return true;
        }

        var earliest = Smb2Header.Size + StructureSize + (DialectCount * sizeof(ushort));
        if ((offset & 7) != 0 || offset < earliest || offset > _message.Length)
        {
            contexts = default;
            return false;
        }

        return NegotiateContextList.TryParse(_message[(int)offset..], count, out contexts);
    }
}
