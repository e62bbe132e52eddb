using System.Text;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// Between keys and names of blobs. The service drops dots at the ends of names and of their segments, so that a last dot is the character that macOS
/// and cifs.ko write for it, U+F029; a blob of others that has either is the other one, which is none of a file.
/// </summary>
internal static class BlobNames
{
    private const char Dot = '\uF029';

    /// <summary>What the service says of the parts between slashes.</summary>
    private const int MostSegments = 254;

    private const int MostCharacters = 1024;

    /// <summary>The name for a key; the same way back.</summary>
    public static string Swap(string text)
    {
        if (text.AsSpan().IndexOfAny('.', Dot) < 0)
        {
            return text;
        }

        StringBuilder? swapped = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '.' or Dot && (i + 1 == text.Length || text[i + 1] == '/'))
            {
                swapped ??= new StringBuilder(text);
                swapped[i] = text[i] == Dot ? '.' : Dot;
            }
        }

        return swapped?.ToString() ?? text;
    }

    /// <summary>Whether the service can have such a name.</summary>
    public static bool IsPossible(string name) =>
        name.Length <= MostCharacters && name.AsSpan().TrimEnd('/').Count('/') < MostSegments;
}
