using Smb3.Embedded.Files.Journaling;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// Room for a persistent open whose file is still looked for, and what will be known of it. Disposed when the CREATE is over: unless the open
/// has come to be, the room is free again.
/// </summary>
/// <param name="opens">Where the room is.</param>
/// <param name="facts">What will be known of it, but for what CREATE did.</param>
internal sealed class PersistentPromise(PersistentOpens opens, DurableFacts facts) : IDisposable
{
    private bool _isKept;

    /// <summary>What will be known of it, but for what CREATE did.</summary>
    public DurableFacts Facts => facts;

    /// <summary>The open has come to be, and gives the room back when it ends.</summary>
    public void Keep() => _isKept = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isKept)
        {
            opens.Release(facts);
        }
    }
}
