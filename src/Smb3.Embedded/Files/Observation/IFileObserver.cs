using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Observation;

/// <summary>
/// Is asked whether something may be done, after every other check has passed and before anything has changed, and is told what an open did
/// once it has been closed. The names concerned are held meanwhile, so that what happens is what was asked about.
/// </summary>
internal interface IFileObserver
{
    /// <summary>Something is opened or made.</summary>
    ValueTask<bool> AllowsOpenAsync(OpenIntent intent, CancellationToken cancellationToken);

    /// <summary>A name is removed, now or with the last close.</summary>
    ValueTask<bool> AllowsDeleteAsync(FileName name, DeleteReason reason, CancellationToken cancellationToken);

    /// <summary>A file, directory or stream gets another name.</summary>
    ValueTask<bool> AllowsRenameAsync(FileName present, FileName future, bool replaces, CancellationToken cancellationToken);

    /// <summary>A file gets an additional name.</summary>
    ValueTask<bool> AllowsLinkAsync(FileName file, FileName link, bool replaces, CancellationToken cancellationToken);

    /// <summary>Owner, rights or permission bits change.</summary>
    ValueTask<bool> AllowsSecurityAsync(
        FileName name, SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken);

    /// <summary>An open has ended, whatever the cause.</summary>
    void Closed(in CloseFacts facts);
}
