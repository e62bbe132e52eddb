using Smb3.Embedded.Files.Fencing;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The claim of one CREATE on its create guid: it begins before the file is opened and ends with the open, so that the same CREATE sent
/// again is recognised while the first one still runs and after it has ended.
/// </summary>
internal sealed class CreateClaim(Guid clientGuid, Guid createGuid, StoreFence? fence)
{
    private GlobalOpen? _open;

    public Guid ClientGuid { get; } = clientGuid;

    public Guid CreateGuid { get; } = createGuid;

    /// <summary>Whether the files are another server's, as they were when the CREATE began: what it comes to is nobody's here.</summary>
    public bool IsOver => fence is { IsUp: true };

    /// <summary>What the CREATE has opened; <see langword="null"/> while it runs.</summary>
    public GlobalOpen? Open
    {
        get => Volatile.Read(ref _open);
        set => Volatile.Write(ref _open, value);
    }
}
