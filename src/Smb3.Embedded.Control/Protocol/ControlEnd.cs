namespace Smb3.Embedded.Control.Protocol;

/// <summary>The last line of an answer.</summary>
internal sealed record ControlEnd
{
    /// <summary>How many rows there were.</summary>
    public int Rows { get; init; }

    /// <summary>Why it was not done, for people; null: it was.</summary>
    public string? Error { get; init; }
}
