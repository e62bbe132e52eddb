using System.Globalization;
using System.Text;

namespace Smb3.Embedded.Diagnostics;

/// <summary>
/// Text that somebody else chose (a user, a share, a file, a machine) on its way into the log. Plain names stay as they are; everything
/// else is put in quotation marks, where nothing in it can end the line, move the cursor, change the writing direction or pass for a part
/// of the message. Long text is truncated.
/// </summary>
/// <remarks>
/// A class, because code compiled ahead of time has the logging once for each combination of values that a message has, and for all classes together
/// but one.
/// </remarks>
/// <param name="text">The text as it came.</param>
internal sealed class LogText(string? text)
{
    /// <summary>Longer than the name of any account, share or machine; enough of a path to recognize it.</summary>
    public const int MaxLength = 256;

    private readonly string? _text = text;
    private readonly bool _isOurs;

    private LogText(string text, bool isOurs)
        : this(text) => _isOurs = isOurs;

    public static implicit operator LogText(string? text) => new(text);

    /// <summary>Words of the server's own in place of a name.</summary>
    public static LogText Ours(string text) => new(text, isOurs: true);

    public override string ToString()
    {
        if (_isOurs)
        {
            return _text!;
        }

        if (string.IsNullOrEmpty(_text))
        {
            return "\"\"";
        }

        return IsPlain(_text) ? _text : Quote(_text);
    }

    private static bool IsPlain(string text)
    {
        if (text.Length > MaxLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsLetterOrDigit(c) && !"._-$@\\/+#".Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static string Quote(string text)
    {
        var shown = text.AsSpan(0, Math.Min(text.Length, MaxLength));
        var quoted = new StringBuilder(shown.Length + 16).Append('"');
        while (!shown.IsEmpty)
        {
            // Half of a surrogate pair is not a rune: its code is shown.
            if (Rune.DecodeFromUtf16(shown, out var rune, out var length) == System.Buffers.OperationStatus.Done)
            {
                Append(quoted, rune);
            }
            else
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)shown[0]:X4}");
                length = 1;
            }

            shown = shown[length..];
        }

        quoted.Append('"');
        return text.Length > MaxLength
            ? quoted.Append(CultureInfo.InvariantCulture, $"... ({text.Length} characters)").ToString()
            : quoted.ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        switch (Rune.GetUnicodeCategory(rune))
        {
            case UnicodeCategory.Control:
            case UnicodeCategory.Format: // direction overrides, zero-width joiners
            case UnicodeCategory.LineSeparator:
            case UnicodeCategory.ParagraphSeparator:
            case UnicodeCategory.PrivateUse:
            case UnicodeCategory.OtherNotAssigned:
            case UnicodeCategory.Surrogate:
            case UnicodeCategory.SpaceSeparator when rune.Value != ' ':
            case UnicodeCategory.EnclosingMark:
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
                break;
            default:
                if (rune.Value is '"' or '\\')
                {
                    quoted.Append('\\');
                }

                quoted.Append(rune);
                break;
        }
    }
}
