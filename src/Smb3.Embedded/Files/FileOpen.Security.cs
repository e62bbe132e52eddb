using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// The security descriptor and what it gives.
internal sealed partial class FileOpen
{
    private const SecurityInformation InSacl =
        SecurityInformation.Sacl | SecurityInformation.Attribute | SecurityInformation.Scope | SecurityInformation.Backup;

    /// <summary>The most that the opener could have asked for (the MxAc create context).</summary>
    public ValueTask<NtResult<FileAccessMask>> GetMaximalAccessAsync(CancellationToken cancellationToken) =>
        GetMaximalAccessAsync(Record.Caller, cancellationToken);

    /// <summary>The most that somebody else could be granted on the file, as far as the share lets this open's caller.</summary>
    public async ValueTask<NtResult<FileAccessMask>> GetMaximalAccessAsync(FileCaller caller, CancellationToken cancellationToken)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var most = FileAccessMask.FileAllAccess & Record.ShareMaximalAccess;
            if (Volume.Store.Traits.Has(StoreAbilities.ReadOnly))
            {
                most &= ~AccessRules.Changing;
            }

            return await Volume.Security.GrantAsync(_file, IsDirectory, caller, most, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Parts of the security descriptor (MS-FSA section 2.1.5.14).</summary>
    /// <param name="parts">Which.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The self-relative form; or ACCESS_DENIED.</returns>
    public async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityAsync(SecurityInformation parts, CancellationToken cancellationToken)
    {
        if ((parts & ~InSacl) != 0 && !HasAny(FileAccessMask.ReadControl))
        {
            return NtStatus.AccessDenied;
        }

        if ((parts & InSacl) != 0 && !HasAny(FileAccessMask.AccessSystemSecurity))
        {
            return NtStatus.AccessDenied;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var read = await Volume.Security.ReadAsync(_file, IsDirectory, Record.Caller, cancellationToken).ConfigureAwait(false);
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
            Exit();
        }
    }

    /// <summary>Sets parts of the security descriptor (MS-FSA section 2.1.5.17).</summary>
    /// <param name="parts">Which; the others stay.</param>
    /// <param name="descriptor">A self-relative descriptor that has them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or ACCESS_DENIED, INVALID_SECURITY_DESCR, INVALID_OWNER, NOT_SUPPORTED when the store keeps none.</returns>
    public async ValueTask<NtStatus> SetSecurityAsync(
        SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        if (((parts & (SecurityInformation.Owner | SecurityInformation.Group | SecurityInformation.Label)) != 0
                && !HasAny(FileAccessMask.WriteOwner))
            || ((parts & SecurityInformation.Dacl) != 0 && !HasAny(FileAccessMask.WriteDac))
            || ((parts & InSacl) != 0 && !HasAny(FileAccessMask.AccessSystemSecurity)))
        {
            return NtStatus.AccessDenied;
        }

        var status = SecurityDescriptor.Read(descriptor.Span, out var given);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if ((parts & SecurityInformation.Dacl) != 0 && Volume.Store.Traits.Has(StoreAbilities.PosixModes)
            && PosixModeEntry.TryRead(given!.Dacl, out var mode))
        {
            return Observation is { } observer
                && await observer.AskSecurityAsync(parts, descriptor, cancellationToken).ConfigureAwait(false) is var refusal and not NtStatus.Success
                ? refusal
                : await SetModeAsync(mode, cancellationToken).ConfigureAwait(false);
        }

        if (!Volume.Security.IsKept || _file is not ISecurableFile securable)
        {
            return NtStatus.NotSupported;
        }

        if ((parts & SecurityInformation.Owner) != 0)
        {
            // One can give a file to oneself and one's groups; giving it away takes SeRestorePrivilege.
            if (given!.Owner is null)
            {
                return NtStatus.InvalidOwner;
            }

            if (!Record.Caller.Is(given.Owner) && !Record.Caller.IsAdministrator)
            {
                return NtStatus.InvalidOwner;
            }
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            using var turn = await Volume.Gate.EnterAsync(Path, cancellationToken).ConfigureAwait(false);
            var read = await Volume.Security.ReadAsync(_file, IsDirectory, Record.Caller, cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            if (Observation is { } observation
                && await observation.AskSecurityAsync(parts, descriptor, cancellationToken).ConfigureAwait(false) is var answer and not NtStatus.Success)
            {
                return answer;
            }

            status = await securable.SetSecurityDescriptorAsync(Merge(read.Value, given!, parts).ToArray(), cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await Volume.RaiseModifiedAsync(this, ChangeFilter.Security).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask<NtStatus> SetModeAsync(UnixFileMode mode, CancellationToken cancellationToken)
    {
        if (_file is not IPosixFile posix)
        {
            return NtStatus.NotSupported;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var metadata = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            mode = PosixModes.Change(metadata.Value.UnixMode ?? 0, mode, metadata.Value.IsDirectory);
            var status = await posix.SetUnixModeAsync(mode, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await Volume.RaiseModifiedAsync(this, ChangeFilter.Security).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    private static SecurityDescriptor Merge(SecurityDescriptor old, SecurityDescriptor given, SecurityInformation parts)
    {
        if ((parts & SecurityInformation.Owner) != 0)
        {
            old = old with { Owner = given.Owner };
        }

        if ((parts & SecurityInformation.Group) != 0)
        {
            old = old with { Group = given.Group };
        }

        if ((parts & SecurityInformation.Dacl) != 0)
        {
            const SecurityDescriptorControl Flags = SecurityDescriptorControl.DaclProtected | SecurityDescriptorControl.DaclAutoInherited;
            old = old with
            {
                HasDacl = true,
                Dacl = given is { HasDacl: true, Dacl: { } dacl } ? DescriptorInheritance.Map(dacl) : null,
                Control = (old.Control & ~Flags) | InheritanceFlags(given.Control),
            };
        }

        if ((parts & (InSacl | SecurityInformation.Label)) != 0)
        {
            old = old with { HasSacl = given.HasSacl, Sacl = given.Sacl };
        }

        return old;
    }

    /// <summary>AUTO_INHERITED is kept when the writer says that it did the inheriting (MS-DTYP section 2.5.3.4.2).</summary>
    private static SecurityDescriptorControl InheritanceFlags(SecurityDescriptorControl given)
    {
        var flags = given & SecurityDescriptorControl.DaclProtected;
        const SecurityDescriptorControl Done =
            SecurityDescriptorControl.DaclAutoInherited | SecurityDescriptorControl.DaclInheritRequired;
        return (given & Done) == Done ? flags | SecurityDescriptorControl.DaclAutoInherited : flags;
    }
}
