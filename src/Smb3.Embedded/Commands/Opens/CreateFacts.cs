using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>What the response of a CREATE says and only the store knows; asked before anything is published.</summary>
/// <param name="MaximalAccess">For SMB2_CREATE_QUERY_MAXIMAL_ACCESS, which tells its failure itself (MS-SMB2 2.2.14.2.5).</param>
/// <param name="VolumeSerial">For SMB2_CREATE_QUERY_ON_DISK_ID.</param>
/// <param name="Posix">For the POSIX extensions.</param>
internal readonly record struct CreateFacts(NtResult<FileAccessMask> MaximalAccess, uint VolumeSerial, PosixFacts? Posix)
{
    /// <summary>What the client may cache, as of the commit that the response waits for; <see langword="null"/>: as of the response.</summary>
    public (CacheState State, ushort Epoch, bool IsBreaking)? Caching { get; init; }

    public static ValueTask<CreateFacts> GatherAsync(FileOpen open, in CreateContexts asked, CancellationToken cancellationToken) =>
        asked.MaximalAccess is null && !asked.OnDiskId && !open.State.IsPosix
            ? default
            : GatherAsync(open, asked.MaximalAccess is not null, asked.OnDiskId, cancellationToken);

    private static async ValueTask<CreateFacts> GatherAsync(
        FileOpen open, bool maximalAccess, bool onDiskId, CancellationToken cancellationToken)
    {
        NtResult<FileAccessMask> maximal = FileAccessMask.None;
        if (maximalAccess)
        {
            maximal = await open.GetMaximalAccessAsync(cancellationToken).ConfigureAwait(false);
        }

        var serial = 0u;
        if (onDiskId)
        {
            var volume = await open.Volume.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
            serial = volume.Succeeded ? volume.Value.SerialNumber : 0;
        }

        PosixFacts? posix = null;
        if (open.State.IsPosix)
        {
            var facts = await PosixFacts.ReadAsync(open, cancellationToken).ConfigureAwait(false);
            posix = facts.Succeeded ? facts.Value : null;
        }

        return new CreateFacts(maximal, serial, posix);
    }
}
