namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>The server did what it must not do.</summary>
/// <param name="kind">Which promise is broken: what stays the same when the case is made smaller.</param>
/// <param name="detail">How.</param>
internal sealed class FuzzFailure(string kind, string detail) : Exception($"{kind}: {detail}")
{
    public string Kind { get; } = kind;
}
