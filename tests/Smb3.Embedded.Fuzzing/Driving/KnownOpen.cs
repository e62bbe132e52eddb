using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>An open that stands, as far as its client knows.</summary>
internal sealed record KnownOpen(int Number, int Client, int Session, int Tree, string Name, Smb2FileId FileId)
{
    public bool IsDirectory { get; init; }

    public bool IsPipe { get; init; }

    public FileAccessMask Access { get; init; }

    public Smb2OplockLevel Oplock { get; init; }

    public Guid LeaseKey { get; init; }

    public Guid CreateGuid { get; init; }

    public bool IsDurable { get; init; }

    /// <summary>Whether its connection is gone, so that it can be reconnected.</summary>
    public bool IsLost { get; init; }
}
