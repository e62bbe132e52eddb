namespace Smb3.Embedded.Storage;

/// <summary>
/// The place of a file or directory inside a store: names joined by a backslash, no leading and no trailing one; the root is the
/// empty path. The server has checked every name before a store sees it: no empty name, no <c>.</c> or <c>..</c>, no character
/// that SMB forbids (<c>" * / : &lt; &gt; ? |</c> and U+0000–U+001F), no space or dot at the end (U+F028 and U+F029 stand for them, also
/// in what a store lists), at most 255 UTF-16 units each.
/// </summary>
public readonly struct StorePath : IEquatable<StorePath>
{
    private readonly string? _text;

    /// <summary>Wraps an already checked path such as <c>folder\file.txt</c>.</summary>
    public StorePath(string text) => _text = text;

    /// <summary>The store's root directory.</summary>
    public static StorePath Root => default;

    /// <summary>The path as text: <c>folder\file.txt</c>, or the empty string for the root.</summary>
    public string Text => _text ?? string.Empty;

    /// <summary>Whether this is the root directory.</summary>
    public bool IsRoot => Text.Length == 0;

    /// <summary>The last name; empty for the root.</summary>
    public ReadOnlySpan<char> Name => Text.AsSpan(Text.LastIndexOf('\\') + 1);

    /// <summary>The directory that holds this entry; the root is its own parent.</summary>
    public StorePath Parent
    {
        get
        {
            var cut = Text.LastIndexOf('\\');
            return cut < 0 ? Root : new StorePath(Text[..cut]);
        }
    }

    /// <summary>The entry <paramref name="name"/> of this directory.</summary>
    public StorePath Append(ReadOnlySpan<char> name) =>
        IsRoot ? new StorePath(name.ToString()) : new StorePath(string.Concat(Text, "\\", name));

    /// <summary>The names from the root down.</summary>
    public MemoryExtensions.SpanSplitEnumerator<char> Names => Text.AsSpan().Split('\\');

    /// <summary>Whether this path lies inside <paramref name="directory"/> (and is not that directory itself).</summary>
    public bool IsBelow(StorePath directory, StringComparison comparison) =>
        directory.IsRoot
            ? !IsRoot
            : Text.Length > directory.Text.Length
                && Text[directory.Text.Length] == '\\'
                && Text.StartsWith(directory.Text, comparison);

    /// <inheritdoc/>
    public bool Equals(StorePath other) => string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StorePath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => IsRoot ? "\\" : Text;

    /// <summary>Exact comparison; whether two spellings name one file is the store's to say.</summary>
    public static bool operator ==(StorePath left, StorePath right) => left.Equals(right);

    /// <summary>Exact comparison; whether two spellings name one file is the store's to say.</summary>
    public static bool operator !=(StorePath left, StorePath right) => !left.Equals(right);
}
