using System.Text;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>Names that count up: the digits in the name of a request's file are others each time that it is sent.</summary>
internal static class CountedName
{
    /// <summary>What stands in the name for the number.</summary>
    public const string Digits = "00000000";

    /// <summary>Changes the name in the first of some messages, on from where a warm-up has left it.</summary>
    public static Vary In(SmbTestRequest first)
    {
        var pattern = Encoding.Unicode.GetBytes(Digits);
        var at = Smb2Header.Size + first.Body.AsSpan().LastIndexOf(pattern);
        var count = 0;
        return (messages, _) =>
        {
            var digits = messages.Slice(at, pattern.Length);
            for (var (i, rest) = (Digits.Length - 1, ++count); i >= 0; i--, rest /= 10)
            {
                digits[i * sizeof(char)] = (byte)('0' + (rest % 10));
            }
        };
    }
}
