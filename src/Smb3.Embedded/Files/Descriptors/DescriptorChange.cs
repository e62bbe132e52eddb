using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Descriptors;

/// <summary>Sets the security descriptor.</summary>
internal static class DescriptorChange
{
    /// <summary>Sets parts of the security descriptor (MS-FSA 2.1.5.17).</summary>
    /// <param name="open">The open.</param>
    /// <param name="parts">Which ones; the others stay.</param>
    /// <param name="descriptor">A self-relative descriptor that has them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or ACCESS_DENIED, INVALID_SECURITY_DESCR, INVALID_OWNER, NOT_SUPPORTED when the store keeps none.</returns>
    public static async ValueTask<NtStatus> SetSecurityAsync(
        this FileOpen open, SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        if (((parts & (SecurityInformation.Owner | SecurityInformation.Group | SecurityInformation.Label)) != 0
                && !open.HasAny(FileAccessMask.WriteOwner))
            || ((parts & SecurityInformation.Dacl) != 0 && !open.HasAny(FileAccessMask.WriteDac))
            || ((parts & DescriptorQuery.InSacl) != 0 && !open.HasAny(FileAccessMask.AccessSystemSecurity)))
        {
            return NtStatus.AccessDenied;
        }

        var status = SecurityDescriptor.Read(descriptor.Span, out var given);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if ((parts & SecurityInformation.Dacl) == 0 || !open.Volume.Store.Traits.Has(StoreAbilities.PosixModes)
            || !PosixModeEntry.TryTake(given!.Dacl, out var mode, out var rest) || (rest!.Entries.Count > 0 && !open.IsMac))
        {
            return await open.SetOrdinaryAsync(parts, given!, descriptor, cancellationToken).ConfigureAwait(false);
        }

        // A list with no other entries changes the mode alone, and so does one that a Mac has read here and sends back with another mode. Other
        // clients that put a mode among their entries (Linux, mounted with modefromsid) want to find it there again.
        var isModeAlone = parts == SecurityInformation.Dacl
            && (rest!.Entries.Count == 0 || await open.ShowsAsync(rest, cancellationToken).ConfigureAwait(false));
        status = isModeAlone
            ? await open.AskAsync(parts, descriptor, cancellationToken).ConfigureAwait(false)
            : await open.SetOrdinaryAsync(parts, given with { Dacl = rest }, descriptor, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? await open.SetModeAsync(mode, cancellationToken).ConfigureAwait(false) : status;
    }

    private static ValueTask<NtStatus> AskAsync(
        this FileOpen open, SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        open.Observation is { } observer ? observer.AskSecurityAsync(parts, descriptor, cancellationToken) : new(NtStatus.Success);

    /// <summary>Whether a DACL is the one that the file has.</summary>
    private static async ValueTask<bool> ShowsAsync(this FileOpen open, Acl dacl, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return false;
        }

        try
        {
            var read = await open.Volume.Security.ReadAsync(open.Handle, open.IsDirectory, open.State.Caller, cancellationToken)
                .ConfigureAwait(false);
            return read is { Succeeded: true, Value.Dacl: { } present } && BytesOf(present).AsSpan().SequenceEqual(BytesOf(dacl));
        }
        finally
        {
            open.Exit();
        }
    }

    private static byte[] BytesOf(Acl acl)
    {
        var bytes = new byte[acl.BinaryLength];
        acl.WriteTo(bytes);
        return bytes;
    }

    private static async ValueTask<NtStatus> SetOrdinaryAsync(
        this FileOpen open, SecurityInformation parts, SecurityDescriptor given, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        NtStatus status;
        if (!open.Volume.Security.IsKept || open.Handle is not ISecurableFile)
        {
            return NtStatus.NotSupported;
        }

        if ((parts & SecurityInformation.Owner) != 0)
        {
            // Callers can make themselves or one of their groups the owner; giving a file away takes SeRestorePrivilege.
            if (given.Owner is null)
            {
                return NtStatus.InvalidOwner;
            }

            if (!open.State.Caller.Is(given.Owner) && !open.State.Caller.IsAdministrator)
            {
                return NtStatus.InvalidOwner;
            }
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            using var turn = await open.LockPathAsync(toDelete: false, cancellationToken).ConfigureAwait(false);
            var read = await open.Volume.Security.ReadAsync(open.Handle, open.IsDirectory, open.State.Caller, cancellationToken)
                .ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            if (open.Observation is { } observation
                && await observation.AskSecurityAsync(parts, descriptor, cancellationToken).ConfigureAwait(false) is var answer and not NtStatus.Success)
            {
                return answer;
            }

            if (open.Handle is not ISecurableFile securable)
            {
                return NtStatus.NotSupported;
            }

            status = await securable.SetSecurityDescriptorAsync(Merge(read.Value, given, parts).ToArray(), cancellationToken)
                .ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Security).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            open.Exit();
        }
    }

    private static async ValueTask<NtStatus> SetModeAsync(this FileOpen open, UnixFileMode mode, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IPosixFile posix)
            {
                return NtStatus.NotSupported;
            }

            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            mode = PosixModes.Change(metadata.Value.UnixMode ?? 0, mode, metadata.Value.IsDirectory);
            var status = await posix.SetUnixModeAsync(mode, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Security).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            open.Exit();
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

        if ((parts & (DescriptorQuery.InSacl | SecurityInformation.Label)) != 0)
        {
            old = old with { HasSacl = given.HasSacl, Sacl = given.Sacl };
        }

        return old;
    }

    /// <summary>AUTO_INHERITED is kept if the writer says that it has done the inheriting itself (MS-DTYP 2.5.3.4.2).</summary>
    private static SecurityDescriptorControl InheritanceFlags(SecurityDescriptorControl given)
    {
        var flags = given & SecurityDescriptorControl.DaclProtected;
        const SecurityDescriptorControl Done =
            SecurityDescriptorControl.DaclAutoInherited | SecurityDescriptorControl.DaclInheritRequired;
        return (given & Done) == Done ? flags | SecurityDescriptorControl.DaclAutoInherited : flags;
    }
}
