namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>
/// Every token after the first, both ways (RFC 4178 4.2.2):
/// <code>
/// [1] SEQUENCE { [0] negState ENUMERATED OPTIONAL, [1] supportedMech OID OPTIONAL,
///     [2] responseToken OCTET STRING OPTIONAL, [3] mechListMIC OCTET STRING OPTIONAL }
/// </code>
/// </summary>
internal readonly ref struct NegTokenResp
{
    private NegTokenResp(
        NegState? state, ReadOnlySpan<byte> supportedMech, ReadOnlySpan<byte> responseToken, ReadOnlySpan<byte> mechListMic)
    {
        State = state;
        SupportedMech = supportedMech;
        ResponseToken = responseToken;
        MechListMic = mechListMic;
    }

    public NegState? State { get; }

    /// <summary>Empty when absent, as are the next two.</summary>
    public ReadOnlySpan<byte> SupportedMech { get; }

    public ReadOnlySpan<byte> ResponseToken { get; }

    public ReadOnlySpan<byte> MechListMic { get; }

    public static bool TryParse(ReadOnlySpan<byte> token, out NegTokenResp response)
    {
        response = default;
        if (!new DerReader(token).TryRead(DerReader.Context(1), out var choice)
            || !new DerReader(choice).TryRead(DerReader.Sequence, out var fields))
        {
            return false;
        }

        NegState? state = null;
        ReadOnlySpan<byte> supportedMech = default;
        ReadOnlySpan<byte> responseToken = default;
        ReadOnlySpan<byte> mechListMic = default;
        for (var reader = new DerReader(fields); !reader.IsAtEnd;)
        {
            if (!reader.TryRead(out var tag, out var content))
            {
                return false;
            }

            var field = new DerReader(content);
            switch (tag)
            {
                case 0xA0:
                    if (!field.TryRead(DerReader.Enumerated, out var value) || value.Length != 1 || value[0] > (byte)NegState.RequestMic)
                    {
                        return false;
                    }

                    state = (NegState)value[0];
                    break;
                case 0xA1 when !field.TryRead(DerReader.ObjectIdentifier, out supportedMech):
                case 0xA2 when !field.TryRead(DerReader.OctetString, out responseToken):
                case 0xA3 when !field.TryRead(DerReader.OctetString, out mechListMic):
                    return false;
            }
        }

        response = new NegTokenResp(state, supportedMech, responseToken, mechListMic);
        return true;
    }

    /// <summary>Writes a token; what is empty or null is left out.</summary>
    public static byte[] Write(
        NegState? state, ReadOnlySpan<byte> supportedMech, ReadOnlySpan<byte> responseToken, ReadOnlySpan<byte> mechListMic)
    {
        var writer = new DerWriter(new byte[supportedMech.Length + responseToken.Length + mechListMic.Length + 64]);
        var end = writer.Position;
        WriteField(ref writer, 3, DerReader.OctetString, mechListMic);
        WriteField(ref writer, 2, DerReader.OctetString, responseToken);
        WriteField(ref writer, 1, DerReader.ObjectIdentifier, supportedMech);
        if (state is { } value)
        {
            WriteField(ref writer, 0, DerReader.Enumerated, [(byte)value]);
        }

        writer.Wrap(DerReader.Sequence, end);
        writer.Wrap(DerReader.Context(1), end);
        return writer.ToArray();
    }

    private static void WriteField(ref DerWriter writer, int number, byte tag, scoped ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return;
        }

        var end = writer.Position;
        writer.Prepend(tag, content);
        writer.Wrap(DerReader.Context(number), end);
    }
}
