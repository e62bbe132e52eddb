using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>A tree connect that stands, as far as its client knows.</summary>
internal sealed record KnownTree(int Number, int Session, uint TreeId, Smb2ShareType Type, bool Encrypts);
