using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Extended attributes.</summary>
internal static class ExtendedAttributeOperations
{
    /// <summary>All extended attributes of the file.</summary>
    /// <returns>The attributes; or ACCESS_DENIED, EAS_NOT_SUPPORTED.</returns>
    public static async ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(
        this FileOpen open, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.ReadEa))
        {
            return NtStatus.AccessDenied;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (!open.Volume.Store.Traits.Has(StoreAbilities.ExtendedAttributes) || open.Handle is not IExtendedAttributeFile file)
            {
                return NtStatus.EasNotSupported;
            }

            return await file.GetExtendedAttributesAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Sets some extended attributes (MS-FSA 2.1.5.15.5).</summary>
    /// <param name="open">The open.</param>
    /// <param name="changes">Names in any case, unchecked; an empty value removes the attribute.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> SetExtendedAttributesAsync(
        this FileOpen open, IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteEa))
        {
            return NtStatus.AccessDenied;
        }

        if (!EaNames.AreValid(changes))
        {
            return NtStatus.InvalidEaName;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (!open.Volume.Store.Traits.Has(StoreAbilities.ExtendedAttributes) || open.Handle is not IExtendedAttributeFile file)
            {
                return NtStatus.EasNotSupported;
            }

            var status = await file.SetExtendedAttributesAsync(changes, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Ea).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            open.Exit();
        }
    }
}
