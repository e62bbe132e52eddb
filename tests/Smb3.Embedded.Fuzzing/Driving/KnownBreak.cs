using Smb3.Embedded.TestClient.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>A break that a client was told of and has not answered.</summary>
internal sealed record KnownBreak(int Client, int Session, int Tree, int Open, BreakAnswer Break);
