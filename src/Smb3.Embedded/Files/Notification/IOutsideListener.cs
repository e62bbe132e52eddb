using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>Hears of changes that were made behind the server's back.</summary>
internal interface IOutsideListener
{
    /// <summary>Where the directory is now, as far as the server knows.</summary>
    StorePath Path { get; }

    /// <summary>Takes a change; false when it does not matter. Must be quick.</summary>
    bool Keep(in StoreChange change);

    /// <summary>Changes were lost. Must be quick.</summary>
    void Lose();

    /// <summary>Acts on what was kept or lost; without any lock held.</summary>
    void Serve();

    /// <summary>Nothing will be heard of the directory any more.</summary>
    /// <param name="reason">NOT_SUPPORTED: it cannot be watched; DELETE_PENDING: it is gone.</param>
    void Stop(NtStatus reason);
}
