namespace Smb3.Embedded.State;

/// <summary>What an <see cref="IStateStore"/> must take, and what it refuses.</summary>
public static class StateLimits
{
    /// <summary>The most characters of the name of a scope.</summary>
    public const int MaxScopeLength = 255;

    /// <summary>The most characters of a key.</summary>
    public const int MaxKeyLength = 255;

    /// <summary>The most bytes of a value: 16 MiB.</summary>
    public const int MaxValueSize = 16 << 20;

    /// <summary>Checks the name of a scope: not empty, not too long, any characters, but no half of a surrogate pair.</summary>
    /// <param name="scope">The name.</param>
    /// <exception cref="ArgumentException">It cannot be one.</exception>
    public static void Check(string scope)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope);
        CheckText(scope, MaxScopeLength, "The name of a scope", nameof(scope));
    }

    /// <summary>Checks a batch: the name of its scope, every key by the same rules, and the size of every value.</summary>
    /// <param name="scope">The name of the scope.</param>
    /// <param name="changes">The changes.</param>
    /// <exception cref="ArgumentException">It cannot be carried out.</exception>
    public static void Check(string scope, IReadOnlyList<StateChange> changes)
    {
        Check(scope);
        ArgumentNullException.ThrowIfNull(changes);
        for (var i = 0; i < changes.Count; i++)
        {
            var (key, value) = changes[i];
            if (string.IsNullOrEmpty(key))
            {
                throw new ArgumentException("A key is empty.", nameof(changes));
            }

            CheckText(key, MaxKeyLength, "A key", nameof(changes));
            if (value?.Length > MaxValueSize)
            {
                throw new ArgumentException($"A value has {value.Value.Length} bytes; {MaxValueSize} are the most.", nameof(changes));
            }
        }
    }

    private static void CheckText(string text, int maxLength, string what, string parameter)
    {
        if (text.Length > maxLength)
        {
            throw new ArgumentException($"{what} has {text.Length} characters; {maxLength} are the most.", parameter);
        }

        // Half a pair has no UTF-8, and a store that puts a replacement in its place would take two keys for one.
        var index = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        for (; index >= 0 && index < text.Length; index++)
        {
            if (char.IsSurrogatePair(text, index))
            {
                index++;
            }
            else if (char.IsSurrogate(text[index]))
            {
                throw new ArgumentException($"{what} has half a surrogate pair at {index}.", parameter);
            }
        }
    }
}
