using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Power;

/// <summary>A persistent handle.</summary>
/// <param name="CreateGuid">What it is asked for with when it is taken up again.</param>
/// <param name="FileId">Its id.</param>
/// <param name="Name">The file's name.</param>
/// <param name="LeaseKey">The lease's key; empty: none.</param>
/// <param name="Lease">What the lease grants.</param>
internal sealed record HandleState(Guid CreateGuid, Smb2FileId FileId, string Name, Guid LeaseKey, Smb2LeaseState Lease)
{
    /// <summary>Locked blocks.</summary>
    public IReadOnlySet<int> Locks { get; init; } = new HashSet<int>();

    /// <summary>Whether the file goes when it is closed.</summary>
    public bool Deletes { get; init; }

    /// <summary>Whether that was asked for by FileDispositionInformation.</summary>
    public bool IsDeletePending { get; init; }
}
