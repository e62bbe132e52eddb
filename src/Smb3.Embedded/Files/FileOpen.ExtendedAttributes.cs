using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Extended attributes.
internal sealed partial class FileOpen
{
    private int _nextEa;

    /// <summary>Where a listing of the attributes goes on (MS-FSA section 2.1.5.12.14, Open.NextEaEntry).</summary>
    public int NextEa
    {
        get => Volatile.Read(ref _nextEa);
        set => Volatile.Write(ref _nextEa, value);
    }

    /// <summary>All extended attributes of the file.</summary>
    /// <returns>Them; or ACCESS_DENIED, EAS_NOT_SUPPORTED.</returns>
    public async ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken)
    {
        if (!HasAny(FileAccessMask.ReadEa))
        {
            return NtStatus.AccessDenied;
        }

        if (!Volume.Store.Traits.Has(StoreAbilities.ExtendedAttributes) || _file is not IExtendedAttributeFile file)
        {
            return NtStatus.EasNotSupported;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.GetExtendedAttributesAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Sets some extended attributes (MS-FSA section 2.1.5.15.5).</summary>
    /// <param name="changes">Names in any case, unchecked; an empty value removes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<NtStatus> SetExtendedAttributesAsync(
        IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken)
    {
        if (!HasAny(FileAccessMask.WriteEa))
        {
            return NtStatus.AccessDenied;
        }

        if (!Volume.Store.Traits.Has(StoreAbilities.ExtendedAttributes) || _file is not IExtendedAttributeFile file)
        {
            return NtStatus.EasNotSupported;
        }

        if (!EaNames.AreValid(changes))
        {
            return NtStatus.InvalidEaName;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var status = await file.SetExtendedAttributesAsync(changes, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await Volume.RaiseModifiedAsync(this, ChangeFilter.Ea).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }
}
