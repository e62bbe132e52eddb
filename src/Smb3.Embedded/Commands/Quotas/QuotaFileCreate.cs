using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands.Quotas;

/// <summary>
/// The rights that an open of the quota file gets. Setting quotas also takes an administrator, which is checked when they are set.
/// </summary>
internal static class QuotaFileCreate
{
    private const FileAccessMask Known = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite;

    public static NtResult<FileAccessMask> Grant(CreateParameters parameters)
    {
        if (!AccessRules.IsAskable(parameters.DesiredAccess))
        {
            return NtStatus.AccessDenied;
        }

        if (parameters.Disposition is not (CreateDisposition.Open or CreateDisposition.OpenIf))
        {
            return NtStatus.AccessDenied;
        }

        var given = Known & parameters.ShareMaximalAccess;
        var desired = AccessRules.MapGeneric(parameters.DesiredAccess);
        return (desired & FileAccessMask.MaximumAllowed) != 0 ? given
            : (desired & ~given) == 0 ? desired
            : NtStatus.AccessDenied;
    }
}
