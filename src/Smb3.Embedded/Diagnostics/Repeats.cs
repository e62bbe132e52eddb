namespace Smb3.Embedded.Diagnostics;

/// <summary>How many refusals like the one in a log line were left out before it: the end of the line, or nothing.</summary>
/// <remarks>A class, as <see cref="LogText"/> is, and for its reason.</remarks>
internal sealed record Repeats(int Count)
{
    public static Repeats None { get; } = new(0);

    public override string ToString() => Count == 0 ? "" : $" (and {Count} more like it in the last minute)";
}
