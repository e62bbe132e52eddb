using System.Security.Cryptography;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Dfs;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_DFS_GET_REFERRALS and FSCTL_DFS_GET_REFERRALS_EX (MS-SMB2 3.3.5.15.2): where a root, a link or a share that is elsewhere leads
/// to. This is a stand-alone server: it knows of no domains and of none of their controllers.
/// </summary>
internal sealed class DfsReferralControl(bool isExtended, RandomNumberGenerator random) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var status = Read(call, out var path, out var share, out var version);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // Who may not use a namespace does not learn what is in it.
        await share!.KnowGroupsAsync(call.Request.Graph.Settings.Directory, call.Ended).ConfigureAwait(false);
        if (share.MaximalAccessOf(call.Request.Session!.Identity!) == FileAccessMask.None)
        {
            return NtStatus.AccessDenied;
        }

        if (share.Dfs is not { } root)
        {
            return NtStatus.NotFound;
        }

        var referral = await ReferAsync(call, root, path!).ConfigureAwait(false);
        return Write(call, path!, call.Request.Graph.Shares.Cluster?.Follow(referral) ?? referral, version);
    }

    /// <summary>
    /// A client that comes by a short name asks by it. Only the directory knows which name it stands for, and so only the server that has the
    /// share: any other sends the client there first.
    /// </summary>
    private static async ValueTask<DfsReferral> ReferAsync(FsControlCall call, IDfsRoot root, DfsPath path)
    {
        var referral = root.Refer(path);
        var rest = path.Rest.ToString();
        if (referral.Length > 0 || call.Request.Graph.Shares.Find(path.Share) is not { Volume: { } volume }
            || FilePath.Parse(rest, FileNames.MaxLength, out var parsed) != NtStatus.Success || parsed.Path.Text != rest)
        {
            return referral;
        }

        var known = await volume.ShortNames.ResolveAsync(parsed.Path, call.Ended).ConfigureAwait(false);
        return known.Text != rest && DfsPath.TryParse(path.Root + "\\" + known.Text, out var byLongNames) && root.Refer(byLongNames) is { Length: > 0 } found
            ? found with { Length = EndOf(rest, known.Text.AsSpan(0, found.Length).Count('\\') + 1) }
            : referral;
    }

    /// <summary>Where the first <paramref name="names"/> names of a path end.</summary>
    private static int EndOf(string path, int names)
    {
        var end = -1;
        do
        {
            end = path.IndexOf('\\', end + 1);
        }
        while (--names > 0 && end >= 0);
        return end < 0 ? path.Length : end;
    }

    private NtStatus Read(FsControlCall call, out DfsPath? path, out Share? share, out ushort version)
    {
        (path, share, version) = (null, null, 0);
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
        if (!DfsPath.TryParse(asked.GetPath(), out path))
        {
            return NtStatus.InvalidParameter;
        }

        if (shares.FindKnown(path.Share) is not { Dfs: not null } known)
        {
            return NtStatus.NotFound; // MS-DFSC 3.2.5.5, and 3.2.5.4 for SYSVOL and NETLOGON
        }

        (share, version) = (known, Math.Min(asked.MaxLevel, DfsReferralResponse.MaxVersion));
        return NtStatus.Success;
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
