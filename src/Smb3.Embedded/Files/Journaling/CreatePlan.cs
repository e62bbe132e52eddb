using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// What a CREATE was about to do to its file when its open was recorded. A process that finds it in a record carries it out, whether or not
/// the one before had: nothing that depends on its outcome has been answered.
/// </summary>
internal sealed record CreatePlan
{
    /// <summary>Whether the file did not exist: it is made, with the stream if one is named. Otherwise it exists.</summary>
    public bool MakesFile { get; init; }

    /// <summary>Whether the file, or the stream, exists and is reset as if it were new.</summary>
    public bool Overwrites { get; init; }

    /// <summary>What the attributes of the file become; an overwritten one keeps others (<see cref="CreateAction.Superseded"/> does not).</summary>
    public FileAttributes Attributes { get; init; }

    /// <summary>Bytes to set aside for it.</summary>
    public long AllocationSize { get; init; }

    /// <summary>Permission bits of a new file; <see langword="null"/>: the store's usual ones.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>Security descriptor of a new file; empty: none.</summary>
    public ReadOnlyMemory<byte> SecurityDescriptor { get; init; }

    /// <summary>The extended attributes that it gets.</summary>
    public IReadOnlyList<ExtendedAttribute> ExtendedAttributes { get; init; } = [];

    /// <summary>Whether its client can cache listings.</summary>
    public bool MayLeaseDirectories { get; init; }
}
