using System.Buffers.Binary;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_INFO about the volume (MS-SMB2 3.3.5.20.2, MS-FSA 2.1.5.13).</summary>
internal static class FileSystemQuery
{
    private static readonly (StoreAbilities Ability, FileSystemAttributes Attribute)[] Shown =
    [
        (StoreAbilities.CaseSensitive, FileSystemAttributes.CaseSensitiveSearch),

        // MS-FSCC 2.5.1 means what the file system is able to do, not what a lookup does: NTFS says so, though its lookups fold case.
        (StoreAbilities.CanBeCaseSensitive, FileSystemAttributes.CaseSensitiveSearch),
        (StoreAbilities.SecurityDescriptors, FileSystemAttributes.PersistentAcls),
        (StoreAbilities.HardLinks, FileSystemAttributes.SupportsHardLinks),
        (StoreAbilities.NamedStreams, FileSystemAttributes.NamedStreams),
        (StoreAbilities.ExtendedAttributes, FileSystemAttributes.SupportsExtendedAttributes),
        (StoreAbilities.SparseFiles, FileSystemAttributes.SupportsSparseFiles),
        (StoreAbilities.ReparsePoints, FileSystemAttributes.SupportsReparsePoints),
        (StoreAbilities.Compression, FileSystemAttributes.FileCompression),
        (StoreAbilities.BlockCloning, FileSystemAttributes.SupportsBlockRefCounting),
        (StoreAbilities.ObjectIds, FileSystemAttributes.SupportsObjectIds),
    ];

    public static async ValueTask<NtStatus> AnswerAsync(
        Request request, Volume volume, FileOpen? open, FileCaller caller, FsInformationClass informationClass, int length)
    {
        var token = request.Token;
        var store = volume.Store;
        var found = open is null
            ? await volume.GetVolumeAsync(token).ConfigureAwait(false)
            : await open.GetVolumeAsync(token).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var state = found.Value;
        var control = FsControlInformation.None;
        if (volume.Quotas is { } quotas)
        {
            state = await quotas.LimitAsync(state, caller, token).ConfigureAwait(false);
            control = await QuotaCommands.DescribeAsync(volume, token).ConfigureAwait(false);
        }

        if (informationClass == FsInformationClass.FileFsPosixInformation && PosixCommands.AreSpoken(request))
        {
            return PosixCommands.QueryFileSystem(request, store.Traits, state, length);
        }

        var target = InfoOutput.Begin(request, length);
        var status = FsInformationWriter.Write(
            informationClass, Describe(store.Traits, state, request.TreeConnect!.Share.ReadOnly) with { Control = control }, state.Label,
            store.Traits.FileSystemName, target, out var written);
        return InfoOutput.End(request, status, written);
    }

    private static FsInformation Describe(StoreTraits traits, in VolumeInformation volume, bool readOnlyShare) => new()
    {
        VolumeCreationTime = volume.CreationTime,
        VolumeSerialNumber = volume.SerialNumber,
        VolumeObjectId = ObjectIdOf(volume),
        TotalUnits = volume.TotalBytes / traits.AllocationUnit,
        ActualAvailableUnits = volume.FreeBytes / traits.AllocationUnit,
        CallerAvailableUnits = volume.AvailableBytes / traits.AllocationUnit,
        SectorsPerUnit = (uint)(traits.AllocationUnit / traits.SectorSize),
        BytesPerSector = (uint)traits.SectorSize,
        PhysicalBytesPerSector = (uint)Math.Max(traits.SectorSize, 4096),
        CanTrim = traits.Has(StoreAbilities.SparseFiles),
        Attributes = AttributesOf(traits, readOnlyShare),
        MaxNameLength = (uint)traits.MaxNameLength,
        DeviceType = FsInformation.DiskDevice,
        DeviceCharacteristics = FsInformation.DeviceIsMounted,
    };

    /// <summary>
    /// MS-FSCC 2.5.6: an id that stays with the volume, made of the two things that do. In the form of a random id (RFC 9562 5.4).
    /// </summary>
    private static Guid ObjectIdOf(in VolumeInformation volume)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(id, (ulong)volume.CreationTime.Ticks);
        BinaryPrimitives.WriteUInt32LittleEndian(id[8..], volume.SerialNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(id[12..], volume.SerialNumber);
        id[7] = (byte)(0x40 | (id[7] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id);
    }

    /// <summary>Announces nothing that the store cannot do.</summary>
    private static FileSystemAttributes AttributesOf(StoreTraits traits, bool readOnlyShare)
    {
        var attributes = FileSystemAttributes.CasePreservedNames | FileSystemAttributes.UnicodeOnDisk;
        foreach (var (ability, attribute) in Shown)
        {
            attributes |= traits.Has(ability) ? attribute : 0;
        }

        if (traits.Has(StoreAbilities.Quotas))
        {
            attributes |= FileSystemAttributes.VolumeQuotas;
        }

        if (readOnlyShare || traits.Has(StoreAbilities.ReadOnly))
        {
            attributes |= FileSystemAttributes.ReadOnlyVolume;
        }

        return attributes;
    }
}
