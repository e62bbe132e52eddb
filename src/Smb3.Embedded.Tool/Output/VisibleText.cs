using System.Globalization;
using System.Text;

namespace Smb3.Embedded.Tool.Output;

/// <summary>Makes text that somebody else chose, such as the name of a file, harmless for a terminal.</summary>
internal static class VisibleText
{
    /// <summary>The text, with <c>\uXXXX</c> for whatever moves the cursor, changes colours or the direction of writing, or cannot be seen.</summary>
    public static string Of(string text)
    {
        var visible = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || !IsVisible(Rune.GetUnicodeCategory(rune)))
            {
                visible.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            }
            else
            {
                visible.Append(rune.ToString());
            }
        }

        return visible.ToString();
    }

    private static bool IsVisible(UnicodeCategory category) => category is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}
