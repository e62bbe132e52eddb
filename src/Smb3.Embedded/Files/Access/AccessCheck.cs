using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Files.Access;

/// <summary>The only place that decides what a security descriptor grants a caller (MS-DTYP 2.5.3.2).</summary>
internal static class AccessCheck
{
    /// <summary>Whether all of <paramref name="desired"/> is granted. Generic rights have already been mapped.</summary>
    public static bool Allows(SecurityDescriptor descriptor, FileCaller caller, FileAccessMask desired) =>
        (desired & ~Grant(descriptor, caller, desired)) == 0;

    /// <summary>Everything that is granted.</summary>
    public static FileAccessMask Maximum(SecurityDescriptor descriptor, FileCaller caller) =>
        Grant(descriptor, caller, FileAccessMask.FileAllAccess);

    /// <summary>The part of <paramref name="desired"/> that is granted.</summary>
    public static FileAccessMask Grant(SecurityDescriptor descriptor, FileCaller caller, FileAccessMask desired)
    {
        var given = FileAccessMask.None;
        if (caller.IsAdministrator)
        {
            given = FileAccessMask.AccessSystemSecurity | FileAccessMask.WriteOwner; // SeSecurityPrivilege, SeTakeOwnershipPrivilege
        }

        if (!descriptor.HasDacl || descriptor.Dacl is null)
        {
            return desired & (given | FileAccessMask.FileAllAccess);
        }

        var isOwner = descriptor.Owner is { } owner && caller.Is(owner);
        if (isOwner && !LimitsOwner(descriptor.Dacl))
        {
            given |= FileAccessMask.ReadControl | FileAccessMask.WriteDac;
        }

        // In list order: no later entry changes what an earlier one decided.
        var denied = FileAccessMask.None;
        foreach (var entry in descriptor.Dacl.Entries)
        {
            if ((entry.Flags & AceFlags.InheritOnly) != 0 || entry.Sid is not { } sid)
            {
                continue;
            }

            var mask = AccessRules.MapGeneric(entry.Mask);
            if (entry.Type == AceType.AccessAllowed && (sid == WellKnownSids.OwnerRights ? isOwner : caller.Is(sid)))
            {
                given |= mask & ~denied;
            }
            else if (entry.Type == AceType.AccessDenied && (sid == WellKnownSids.OwnerRights ? isOwner : caller.IsDenied(sid)))
            {
                denied |= mask & ~given;
            }
        }

        return desired & given;
    }

    // S-1-3-4 in an entry replaces the rights that an owner has by default.
    private static bool LimitsOwner(Acl dacl)
    {
        foreach (var entry in dacl.Entries)
        {
            if (entry.Sid == WellKnownSids.OwnerRights && (entry.Flags & AceFlags.InheritOnly) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
