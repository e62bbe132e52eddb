using Smb3.Embedded.Security.Authentication.Gss;

namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>
/// The first token (RFC 4178 4.2.1), in its GSS frame:
/// <code>
/// [APPLICATION 0] { OID SPNEGO, [0] SEQUENCE {
///     [0] mechTypes SEQUENCE OF OID, [1] reqFlags OPTIONAL, [2] mechToken OCTET STRING OPTIONAL, [3] mechListMIC OPTIONAL } }
/// </code>
/// </summary>
internal readonly ref struct NegTokenInit
{
    private NegTokenInit(ReadOnlySpan<byte> mechTypes, ReadOnlySpan<byte> mechToken)
    {
        MechTypes = mechTypes;
        MechToken = mechToken;
    }

    /// <summary>The whole SEQUENCE element byte for byte: it is what mechListMIC covers.</summary>
    public ReadOnlySpan<byte> MechTypes { get; }

    /// <summary>The optimistic token for the first mechanism of the list; empty when there is none.</summary>
    public ReadOnlySpan<byte> MechToken { get; }

    public static bool TryParse(ReadOnlySpan<byte> token, out NegTokenInit init)
    {
        init = default;
        var outer = new DerReader(token);
        if (!outer.TryRead(DerReader.Application0, out var frame))
        {
            return false;
        }

        var inner = new DerReader(frame);
        if (!inner.TryRead(DerReader.ObjectIdentifier, out var oid)
            || !oid.SequenceEqual(GssOid.Spnego)
            || !inner.TryRead(DerReader.Context(0), out var choice)
            || !new DerReader(choice).TryRead(DerReader.Sequence, out var fields))
        {
            return false;
        }

        var reader = new DerReader(fields);
        if (!reader.TryRead(DerReader.Context(0), out var mechTypes) || !IsOidList(mechTypes))
        {
            return false;
        }

        ReadOnlySpan<byte> mechToken = default;
        while (!reader.IsAtEnd)
        {
            if (!reader.TryRead(out var tag, out var content))
            {
                return false;
            }

            if (tag == DerReader.Context(2) && !new DerReader(content).TryRead(DerReader.OctetString, out mechToken))
            {
                return false;
            }
        }

        init = new NegTokenInit(mechTypes, mechToken);
        return true;
    }

    /// <summary>Where the mechanism stands in the client's order of preference; -1 when it is not in the list.</summary>
    public int IndexOf(ReadOnlySpan<byte> mechanism)
    {
        new DerReader(MechTypes).TryRead(DerReader.Sequence, out var list);
        var reader = new DerReader(list);
        for (var index = 0; reader.TryRead(DerReader.ObjectIdentifier, out var oid); index++)
        {
            if (oid.SequenceEqual(mechanism))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>The mechanisms in words, for a log.</summary>
    public string DescribeMechanisms()
    {
        new DerReader(MechTypes).TryRead(DerReader.Sequence, out var list);
        var names = new List<string>();
        for (var reader = new DerReader(list); reader.TryRead(DerReader.ObjectIdentifier, out var oid);)
        {
            var name = GssOid.NameOf(oid);
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }

        return string.Join(", ", names);
    }

    /// <summary>
    /// What the server says first, in the NEGOTIATE response: the mechanisms that it has, and the hint that Windows sends (NegTokenInit2,
    /// MS-SPNG 2.2.1).
    /// </summary>
    public static byte[] WriteServerOffer(params ReadOnlySpan<ReadOnlyMemory<byte>> oids)
    {
        var writer = new DerWriter(new byte[128 + (oids.Length * 32)]);
        var end = writer.Position;
        writer.Prepend(DerReader.GeneralString, "not_defined_in_RFC4178@please_ignore"u8);
        writer.Wrap(DerReader.Context(0), end);
        writer.Wrap(DerReader.Sequence, end);
        writer.Wrap(DerReader.Context(3), end);

        var mechTypesEnd = writer.Position;
        for (var i = oids.Length - 1; i >= 0; i--)
        {
            writer.Prepend(DerReader.ObjectIdentifier, oids[i].Span);
        }

        WrapMechTypesAndFrame(ref writer, mechTypesEnd, end);
        return writer.ToArray();
    }

    /// <summary>What a client sends first.</summary>
    /// <param name="oids">The mechanisms (contents of OID elements), best first.</param>
    /// <param name="mechToken">The token for the first of them; empty for none.</param>
    public static byte[] Write(ReadOnlySpan<byte[]> oids, ReadOnlySpan<byte> mechToken)
    {
        var writer = new DerWriter(new byte[mechToken.Length + 64 + (oids.Length * 32)]);
        var end = writer.Position;
        if (!mechToken.IsEmpty)
        {
            writer.Prepend(DerReader.OctetString, mechToken);
            writer.Wrap(DerReader.Context(2), end);
        }

        var mechTypesEnd = writer.Position;
        for (var i = oids.Length - 1; i >= 0; i--)
        {
            writer.Prepend(DerReader.ObjectIdentifier, oids[i]);
        }

        WrapMechTypesAndFrame(ref writer, mechTypesEnd, end);
        return writer.ToArray();
    }

    private static void WrapMechTypesAndFrame(ref DerWriter writer, int mechTypesEnd, int end)
    {
        writer.Wrap(DerReader.Sequence, mechTypesEnd);
        writer.Wrap(DerReader.Context(0), mechTypesEnd);
        writer.Wrap(DerReader.Sequence, end);
        writer.Wrap(DerReader.Context(0), end);
        writer.Prepend(DerReader.ObjectIdentifier, GssOid.Spnego);
        writer.Wrap(DerReader.Application0, end);
    }

    private static bool IsOidList(ReadOnlySpan<byte> mechTypes)
    {
        var outer = new DerReader(mechTypes);
        if (!outer.TryRead(DerReader.Sequence, out var list) || !outer.IsAtEnd || list.IsEmpty)
        {
            return false;
        }

        for (var reader = new DerReader(list); !reader.IsAtEnd;)
        {
            if (!reader.TryRead(DerReader.ObjectIdentifier, out _))
            {
                return false;
            }
        }

        return true;
    }
}
