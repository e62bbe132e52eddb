namespace Smb3.Embedded.Diagnostics;

/// <summary>How many refusals like the one in a log line were left out before it: the end of the line, or nothing.</summary>
internal readonly record struct Repeats(int Count)
{
    public override string ToString() => Count == 0 ? "" : $" (and {Count} more like it in the last minute)";
}
