using System.Buffers.Binary;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>
/// What clients keep with a node besides data: descriptor, reparse point, object id and extended attributes. Guarded by the lock of the
/// node; no value is ever changed in place, so that copies can share them. Setting one takes the space that it needs.
/// </summary>
internal struct MemoryValues(ReadOnlyMemory<byte> descriptor)
{
    private ReadOnlyMemory<byte> _descriptor = descriptor.ToArray();
    private ReadOnlyMemory<byte> _reparsePoint;
    private ReadOnlyMemory<byte> _objectId;
    private ReadOnlyMemory<byte> _shortNames;

    /// <summary>The security descriptor.</summary>
    public readonly ReadOnlyMemory<byte> Descriptor => _descriptor;

    /// <summary>The REPARSE_DATA_BUFFER; empty when the node is not a reparse point.</summary>
    public readonly ReadOnlyMemory<byte> ReparsePoint => _reparsePoint;

    /// <summary>The tag of a reparse point; otherwise 0.</summary>
    public readonly uint ReparseTag => _reparsePoint.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(_reparsePoint.Span);

    /// <summary>The object id's buffer; empty when there is none.</summary>
    public readonly ReadOnlyMemory<byte> ObjectId => _objectId;

    /// <summary>The short names that were given to files in the directory.</summary>
    public readonly ReadOnlyMemory<byte> ShortNames => _shortNames;

    /// <summary>The extended attributes.</summary>
    public MemoryExtendedAttributes ExtendedAttributes { get; private set; } = MemoryExtendedAttributes.None;

    /// <summary>How much of the store's capacity they take.</summary>
    public readonly long Cost => MemoryCosts.OfBytes(_descriptor.Length) + MemoryCosts.OfBytes(_reparsePoint.Length)
        + MemoryCosts.OfBytes(_objectId.Length) + MemoryCosts.OfBytes(_shortNames.Length) + ExtendedAttributes.Cost;

    /// <summary>Keeps a copy of a descriptor.</summary>
    public NtStatus SetDescriptor(ReadOnlyMemory<byte> value, ref MemoryHolding holding) => Replace(ref _descriptor, value, ref holding);

    /// <summary>Keeps a copy of a REPARSE_DATA_BUFFER.</summary>
    public NtStatus SetReparsePoint(ReadOnlyMemory<byte> value, ref MemoryHolding holding) => Replace(ref _reparsePoint, value, ref holding);

    /// <summary>Keeps a copy of an object id's buffer.</summary>
    public NtStatus SetObjectId(ReadOnlyMemory<byte> value, ref MemoryHolding holding) => Replace(ref _objectId, value, ref holding);

    /// <summary>Keeps a copy of the short names.</summary>
    public NtStatus SetShortNames(ReadOnlyMemory<byte> value, ref MemoryHolding holding) => Replace(ref _shortNames, value, ref holding);

    /// <summary>Sets and removes extended attributes.</summary>
    public NtStatus SetExtendedAttributes(IReadOnlyList<ExtendedAttribute> changes, ref MemoryHolding holding)
    {
        var changed = ExtendedAttributes.With(changes);
        if (!changed.IsAllowed)
        {
            return NtStatus.EaTooLarge;
        }

        if (!holding.TryTake(changed.Cost - ExtendedAttributes.Cost))
        {
            return NtStatus.DiskFull;
        }

        ExtendedAttributes = changed;
        return NtStatus.Success;
    }

    private static NtStatus Replace(ref ReadOnlyMemory<byte> kept, ReadOnlyMemory<byte> value, ref MemoryHolding holding)
    {
        if (!holding.TryTake(MemoryCosts.OfBytes(value.Length) - MemoryCosts.OfBytes(kept.Length)))
        {
            return NtStatus.DiskFull;
        }

        kept = value.ToArray();
        return NtStatus.Success;
    }
}
