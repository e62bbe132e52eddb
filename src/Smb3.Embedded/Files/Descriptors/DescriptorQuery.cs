using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Descriptors;

/// <summary>Reads the security descriptor, and the rights that it gives.</summary>
internal static class DescriptorQuery
{
    public const SecurityInformation InSacl =
        SecurityInformation.Sacl | SecurityInformation.Attribute | SecurityInformation.Scope | SecurityInformation.Backup;

    /// <summary>The most that the opener could have asked for (the MxAc create context).</summary>
    public static ValueTask<NtResult<FileAccessMask>> GetMaximalAccessAsync(this FileOpen open, CancellationToken cancellationToken) =>
        open.GetMaximalAccessAsync(open.State.Caller, cancellationToken);

    /// <summary>The most that another user could be granted on the file, as far as the share allows this open's caller.</summary>
    public static async ValueTask<NtResult<FileAccessMask>> GetMaximalAccessAsync(
        this FileOpen open, FileCaller caller, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var most = FileAccessMask.FileAllAccess & open.State.ShareMaximalAccess;
            if (open.Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
            {
                most &= ~AccessRules.Changing;
            }

            return await open.Volume.Security.GrantAsync(open.Handle, open.IsDirectory, caller, most, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Parts of the security descriptor (MS-FSA 2.1.5.14).</summary>
    /// <param name="open">The open.</param>
    /// <param name="parts">Which ones.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The self-relative form; or ACCESS_DENIED.</returns>
    public static async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityAsync(
        this FileOpen open, SecurityInformation parts, CancellationToken cancellationToken)
    {
        if ((parts & ~InSacl) != 0 && !open.HasAny(FileAccessMask.ReadControl))
        {
            return NtStatus.AccessDenied;
        }

        if ((parts & InSacl) != 0 && !open.HasAny(FileAccessMask.AccessSystemSecurity))
        {
            return NtStatus.AccessDenied;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var read = await open.Volume.Security.ReadAsync(open.Handle, open.IsDirectory, open.State.Caller, cancellationToken)
                .ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            var whole = read.Value;
            var control = SecurityDescriptorControl.None;
            if ((parts & SecurityInformation.Dacl) != 0)
            {
                control |= whole.Control & (SecurityDescriptorControl.DaclAutoInherited | SecurityDescriptorControl.DaclProtected);
            }

            if ((parts & InSacl) != 0)
            {
                control |= whole.Control & (SecurityDescriptorControl.SaclAutoInherited | SecurityDescriptorControl.SaclProtected);
            }

            return new ReadOnlyMemory<byte>(new SecurityDescriptor
            {
                Control = control,
                Owner = (parts & SecurityInformation.Owner) != 0 ? whole.Owner : null,
                Group = (parts & SecurityInformation.Group) != 0 ? whole.Group : null,
                HasDacl = (parts & SecurityInformation.Dacl) != 0 && whole.HasDacl,
                Dacl = whole.Dacl,
                HasSacl = (parts & InSacl) != 0 && whole.HasSacl,
                Sacl = whole.Sacl,
            }.ToArray());
        }
        finally
        {
            open.Exit();
        }
    }
}
