using System.Formats.Asn1;
using System.Text;

namespace Smb3.Embedded.Security.Authentication.Kerberos.Messages;

/// <summary>What ASN.1 of Kerberos needs beyond the base library: tags by number, and strings that are UTF-8 in practice (RFC 4120 5.2.1).</summary>
internal static class KerberosAsn
{
    private static readonly Asn1Tag GeneralString = new(UniversalTagNumber.GeneralString);

    public static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);

    public static Asn1Tag Application(int number) => new(TagClass.Application, number, isConstructed: true);

    /// <summary>The SEQUENCE in [APPLICATION n]. Anything behind it is an error.</summary>
    public static AsnReader ReadApplication(ReadOnlyMemory<byte> message, int number)
    {
        var reader = new AsnReader(message, AsnEncodingRules.BER);
        var fields = ReadApplication(reader, number);
        reader.ThrowIfNotEmpty();
        return fields;
    }

    public static AsnReader ReadApplication(AsnReader reader, int number) => reader.ReadSequence(Application(number)).ReadSequence();

    /// <summary>The content of [n], which must be there.</summary>
    public static AsnReader ReadField(this AsnReader reader, int number) => reader.ReadSequence(Context(number));

    /// <summary>The content of [n]; null when it is left out.</summary>
    public static AsnReader? ReadOptional(this AsnReader reader, int number) =>
        reader.HasData && reader.PeekTag().HasSameClassAndValue(Context(number)) ? reader.ReadField(number) : null;

    public static int ReadInt32(this AsnReader reader) =>
        reader.TryReadInt32(out var value) ? value : throw new AsnContentException("A number is larger than Kerberos has any.");

    /// <summary>A number of 32 bits, whether its sender took it for signed or not.</summary>
    public static uint ReadUInt32Loosely(this AsnReader reader) =>
        reader.TryReadInt64(out var value) && value is >= int.MinValue and <= uint.MaxValue
            ? unchecked((uint)value)
            : throw new AsnContentException("A number has more than 32 bits.");

    public static string ReadKerberosString(this AsnReader reader) =>
        reader.TryReadPrimitiveCharacterStringBytes(GeneralString, out var bytes)
            ? Encoding.UTF8.GetString(bytes.Span)
            : throw new AsnContentException("A string is in pieces.");
}
