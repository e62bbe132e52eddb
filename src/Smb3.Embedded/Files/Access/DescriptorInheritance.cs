using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;

namespace Smb3.Embedded.Files.Access;

/// <summary>The security descriptor of a new file (MS-DTYP 2.5.3.4).</summary>
internal static class DescriptorInheritance
{
    /// <summary>Builds it from what the creator gave and what the directory passes on.</summary>
    /// <param name="parent">The directory's descriptor.</param>
    /// <param name="given">The descriptor in the CREATE.</param>
    /// <param name="isDirectory">Whether a directory is made.</param>
    /// <param name="caller">The creator.</param>
    public static SecurityDescriptor Create(SecurityDescriptor parent, SecurityDescriptor? given, bool isDirectory, FileCaller caller)
    {
        var owner = given?.Owner ?? caller.User;
        var group = given?.Group ?? caller.PrimaryGroup;
        if (given is { HasDacl: true })
        {
            return given with
            {
                Owner = owner,
                Group = group,
                Dacl = given.Dacl is null ? null : Map(given.Dacl),
                Control = given.Control & ~SecurityDescriptorControl.DaclInheritRequired,
            };
        }

        // Inherited entries are marked as such only if inheritance is automatic: otherwise they would be taken for ones to be recomputed.
        var mark = (parent.Control & SecurityDescriptorControl.DaclAutoInherited) != 0 ? AceFlags.Inherited : AceFlags.None;
        var entries = new List<Ace>();
        foreach (var entry in parent.Dacl?.Entries ?? [])
        {
            Inherit(entry, isDirectory, mark, owner, group, entries);
        }

        var inherited = entries.Count > 0;
        if (!inherited)
        {
            // A directory that passes nothing on leaves the creator's default list.
            entries.Add(Ace.Allow(owner, FileAccessMask.FileAllAccess));
            entries.Add(Ace.Allow(WellKnownSids.System, FileAccessMask.FileAllAccess));
        }

        return new SecurityDescriptor
        {
            Owner = owner,
            Group = group,
            HasDacl = true,
            Dacl = new Acl(entries),
            HasSacl = given?.HasSacl ?? false,
            Sacl = given?.Sacl,
            Control = inherited && mark != 0 ? SecurityDescriptorControl.DaclAutoInherited : SecurityDescriptorControl.None,
        };
    }

    /// <summary>Maps generic rights, as a file system does before it stores a list; entries that are only passed on keep them.</summary>
    public static Acl Map(Acl acl)
    {
        var entries = new Ace[acl.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = acl.Entries[i];
            entries[i] = (entry.Flags & AceFlags.InheritOnly) != 0 ? entry : entry with { Mask = AccessRules.MapGeneric(entry.Mask) };
        }

        return acl with { Entries = entries };
    }

    private static void Inherit(Ace entry, bool isDirectory, AceFlags mark, Sid owner, Sid group, List<Ace> entries)
    {
        const AceFlags Spread = AceFlags.ObjectInherit | AceFlags.ContainerInherit;
        const AceFlags Passing = Spread | AceFlags.NoPropagateInherit | AceFlags.InheritOnly;
        var own = (entry.Flags & ~(Passing | AceFlags.Inherited)) | mark;
        var isOfCreator = entry.Sid == WellKnownSids.CreatorOwner || entry.Sid == WellKnownSids.CreatorGroup;
        var substitute = entry with
        {
            Flags = own,
            Mask = AccessRules.MapGeneric(entry.Mask),
            Sid = entry.Sid == WellKnownSids.CreatorOwner ? owner : entry.Sid == WellKnownSids.CreatorGroup ? group : entry.Sid,
        };

        if (!isDirectory)
        {
            if ((entry.Flags & AceFlags.ObjectInherit) != 0)
            {
                entries.Add(substitute);
            }

            return;
        }

        var reaches = (entry.Flags & AceFlags.ContainerInherit) != 0;
        var travels = (entry.Flags & AceFlags.NoPropagateInherit) == 0 && (entry.Flags & Spread) != 0;
        if (!reaches && !travels)
        {
            return;
        }

        var spread = (entry.Flags & Spread) | own;
        if (!travels)
        {
            entries.Add(substitute);
        }
        else if (!reaches)
        {
            entries.Add(entry with { Flags = spread | AceFlags.InheritOnly });
        }
        else if (isOfCreator || substitute.Mask != entry.Mask)
        {
            // The rights that hold here differ from those that are passed on, so this takes two entries.
            entries.Add(substitute);
            entries.Add(entry with { Flags = spread | AceFlags.InheritOnly });
        }
        else
        {
            entries.Add(entry with { Flags = spread });
        }
    }
}
