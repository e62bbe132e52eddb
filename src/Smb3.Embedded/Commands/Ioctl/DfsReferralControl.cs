using System.Security.Cryptography;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Dfs;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_DFS_GET_REFERRALS and FSCTL_DFS_GET_REFERRALS_EX (MS-SMB2 3.3.5.15.2): where a root, a link or a share that is elsewhere leads
/// to. This is a stand-alone server: it knows of no domains and of none of their controllers.
/// </summary>
internal sealed class DfsReferralControl(bool isExtended, RandomNumberGenerator random) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call) => new(Run(call));

    private NtStatus Run(FsControlCall call)
    {
        var shares = call.Request.Graph.Shares;
        if (!shares.IsDfsCapable)
        {
            return NtStatus.FsDriverRequired;
        }

        var input = call.Input.Span;
        DfsReferralRequest asked;
        if (!(isExtended ? DfsReferralRequest.TryParseExtended(input, out asked) : DfsReferralRequest.TryParse(input, out asked))
            || asked.MaxLevel == 0)
        {
            return NtStatus.InvalidParameter;
        }

        // MS-DFSC 3.2.5.2 and 3.2.5.3: so is a request for domains, which names nothing, and for their controllers, which names a domain.
        if (!DfsPath.TryParse(asked.GetPath(), out var path))
        {
            return NtStatus.InvalidParameter;
        }

        if (shares.FindKnown(path.Share) is not { Dfs: { } root } share)
        {
            return NtStatus.NotFound; // MS-DFSC 3.2.5.5, and 3.2.5.4 for SYSVOL and NETLOGON
        }

        // Who may not use a namespace does not learn what is in it.
        if (share.MaximalAccessOf(call.Request.Session!.Identity!) == FileAccessMask.None)
        {
            return NtStatus.AccessDenied;
        }

        var referral = root.Refer(path);
        return Write(call, path, shares.Cluster?.Follow(referral) ?? referral, Math.Min(asked.MaxLevel, DfsReferralResponse.MaxVersion));
    }

    private NtStatus Write(FsControlCall call, DfsPath path, DfsReferral referral, ushort version)
    {
        var response = new DfsReferralResponse
        {
            Version = version,
            PathConsumed = path.BytesOf(referral.Length),
            Flags = FlagsOf(referral),
            IsRoot = referral.IsRoot,
            TimeToLive = (uint)Math.Clamp(referral.TimeToLive.TotalSeconds, 0, uint.MaxValue),
            Path = path.Prefix(referral.Length),
            Entries = TargetOrder.Arrange(referral.Targets, random)
                .ConvertAll(static pair => new DfsReferralEntry(pair.Target.Path, pair.StartsSet)),
        };
        if (response.TryWrite(call.MaxOutput) is not { } output)
        {
            return NtStatus.BufferOverflow;
        }

        call.Output = output;
        return NtStatus.Success;
    }

    /// <summary>MS-DFSC 2.2.4: a root answers referral requests and has files, an interlink has no files, and any other link has nothing else.</summary>
    private static DfsReferralFlags FlagsOf(DfsReferral referral) =>
        (referral.IsRoot ? DfsReferralFlags.ReferralServers | DfsReferralFlags.StorageServers
            : referral.IsInterlink ? DfsReferralFlags.ReferralServers : DfsReferralFlags.StorageServers)
        | (referral.TargetFailback ? DfsReferralFlags.TargetFailback : DfsReferralFlags.None);
}
