namespace Smb3.Embedded.Security.Authentication.Kerberos.Encryption;

/// <summary>
/// n-fold (RFC 3961 5.1): makes any number of bytes of any others. Copies of the input, each rotated right by 13 bits against the one before,
/// are laid end to end until they fill the output a whole number of times, and these pieces are added in ones' complement.
/// </summary>
internal static class Folding
{
    private const int Rotation = 13;

    public static void Fold(ReadOnlySpan<byte> input, Span<byte> output)
    {
        output.Clear();
        var total = Lcm(input.Length, output.Length);
        var carry = 0;
        for (var i = total - 1; i >= 0; i--)
        {
            var sum = carry + output[i % output.Length] + Rotated(input, i);
            output[i % output.Length] = (byte)sum;
            carry = sum >> 8;
        }

        // What is carried out of the first byte goes to the last.
        for (var i = output.Length - 1; carry != 0 && i >= 0; i--)
        {
            var sum = carry + output[i];
            output[i] = (byte)sum;
            carry = sum >> 8;
        }
    }

    /// <summary>Byte <paramref name="at"/> of the copies laid end to end.</summary>
    private static int Rotated(ReadOnlySpan<byte> input, int at)
    {
        var bits = input.Length * 8;
        var copy = at / input.Length;
        var first = (((at % input.Length) * 8) - (int)((long)copy * Rotation % bits) + bits) % bits;
        var high = input[first / 8];
        var low = input[((first / 8) + 1) % input.Length];
        return (byte)(((high << 8) | low) >> (8 - (first % 8)));
    }

    private static int Lcm(int left, int right)
    {
        var (a, b) = (left, right);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return left / a * right;
    }
}
