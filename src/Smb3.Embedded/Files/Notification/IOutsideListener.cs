using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>Is told of changes that were made behind the server's back.</summary>
internal interface IOutsideListener
{
    /// <summary>Where the directory is now, as far as the server knows.</summary>
    StorePath Path { get; }

    /// <summary>Takes a change; false when it does not matter. Must be quick.</summary>
    bool Keep(in StoreChange change);

    /// <summary>Changes were lost. Must be quick.</summary>
    void Lose();

    /// <summary>Acts on changes that were kept or lost; called without any lock held.</summary>
    void Serve();

    /// <summary>No more changes of the directory will be reported.</summary>
    /// <param name="reason">NOT_SUPPORTED: it cannot be watched; DELETE_PENDING: it is gone.</param>
    void Stop(NtStatus reason);
}
