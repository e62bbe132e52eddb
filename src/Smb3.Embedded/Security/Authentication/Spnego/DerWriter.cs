namespace Smb3.Embedded.Security.Authentication.Spnego;

/// <summary>Writes DER from its end to its beginning, so that every length is known when it is written.</summary>
internal ref struct DerWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Where the written part begins; remember it before an element's content to <see cref="Wrap"/> it.</summary>
    public int Position { get; private set; } = buffer.Length;

    public readonly byte[] ToArray() => _buffer[Position..].ToArray();

    public void Prepend(scoped ReadOnlySpan<byte> bytes)
    {
        Position -= bytes.Length;
        bytes.CopyTo(_buffer[Position..]);
    }

    /// <summary>Makes all that was written since <paramref name="end"/> the content of an element.</summary>
    public void Wrap(byte tag, int end)
    {
        var length = end - Position;
        if (length < 0x80)
        {
            Prepend([tag, (byte)length]);
        }
        else
        {
            var lengthBytes = 0;
            for (var rest = length; rest != 0; rest >>= 8)
            {
                Prepend([(byte)rest]);
                lengthBytes++;
            }

            Prepend([tag, (byte)(0x80 | lengthBytes)]);
        }
    }

    /// <summary>An element with this content.</summary>
    public void Prepend(byte tag, scoped ReadOnlySpan<byte> content)
    {
        var end = Position;
        Prepend(content);
        Wrap(tag, end);
    }
}
