using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose file can have extended attributes: short values by name (MS-FSCC 2.4.16). Every handle of a store with <see
/// cref="StoreAbilities.ExtendedAttributes"/> implements it, including those of directories and of streams (whose attributes are the
/// file's).
/// </summary>
public interface IExtendedAttributeFile
{
    /// <summary>All attributes, in an order that stays the same while none is set.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken);

    /// <summary>Sets attributes, all of them or none; those that are not named stay. An empty value removes the attribute.</summary>
    /// <param name="changes">
    /// Attributes whose names the server has checked: 1 to 254 characters of ASCII, none of which Windows forbids, and none that begins
    /// with <c>smb3.</c> (or <c>user.smb3.</c>), which are the server's own. A name in another case is the same name; an attribute that is
    /// set again keeps the one that it has.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or EA_TOO_LARGE when the store has no room for so much, DISK_FULL, ACCESS_DENIED.</returns>
    ValueTask<NtStatus> SetExtendedAttributesAsync(IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken);
}

/// <summary>An extended attribute.</summary>
/// <param name="Name">Name in ASCII, as it was first written.</param>
/// <param name="Value">Value, at most 65,535 bytes.</param>
public readonly record struct ExtendedAttribute(string Name, ReadOnlyMemory<byte> Value)
{
    /// <summary>
    /// What <see cref="FileMetadata.EaSize"/> is for attributes of these sizes: as Windows counts, 5 bytes, name and value for each, and 4
    /// for the list; 0 when there are none.
    /// </summary>
    /// <param name="attributes">All attributes of a file.</param>
    public static uint SizeOf(IReadOnlyList<ExtendedAttribute> attributes)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        if (attributes.Count == 0)
        {
            return 0;
        }

        var size = 4u;
        foreach (var attribute in attributes)
        {
            size += 5u + (uint)attribute.Name.Length + (uint)attribute.Value.Length;
        }

        return size;
    }
}
