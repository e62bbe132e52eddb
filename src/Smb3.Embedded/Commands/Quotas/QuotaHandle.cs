using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Quotas;

/// <summary>
/// An open of the file that NTFS keeps quotas in. There is no such file: what clients want is a handle for the quota commands
/// (MS-FSA 2.1.5.21, "Open of a Quota Stream").
/// </summary>
internal sealed class QuotaHandle : Open
{
    private const string Path = @"$Extend\$Quota:$Q:$INDEX_ALLOCATION";

    public QuotaHandle(
        Smb2FileId fileId, TreeConnect treeConnect, ushort channelSequence, FileCaller caller, FileAccessMask access)
        : base(fileId, treeConnect, channelSequence)
    {
        Caller = caller;
        Access = access;
    }

    public FileCaller Caller { get; }

    public FileAccessMask Access { get; }

    public Volume Volume => TreeConnect.Share.Volume!;

    public override string Name => Path;

    /// <summary>Whether a path names the file.</summary>
    public static bool IsNamed(string path) => path.Equals(Path, StringComparison.OrdinalIgnoreCase);

    protected override ValueTask ReleaseAsync() => default;
}
