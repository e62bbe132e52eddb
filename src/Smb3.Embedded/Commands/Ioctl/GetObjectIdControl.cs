using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_CREATE_OR_GET_OBJECT_ID and FSCTL_GET_OBJECT_ID (MS-FSA 2.1.5.10.1, 2.1.5.10.12). Where a store keeps none, the id is made of
/// the volume's serial number and the file's id, which are as persistent and as unique as an object id must be.
/// </summary>
internal sealed class GetObjectIdControl(bool creates, RandomNumberGenerator random) : IFsControl
{
    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (!call.File.Volume.Store.Traits.Has(StoreAbilities.ObjectIds))
        {
            return await DeriveAsync(call).ConfigureAwait(false);
        }

        var kept = await call.File.GetObjectIdAsync(call.Ended).ConfigureAwait(false);
        if (!kept.Succeeded)
        {
            return kept.Status;
        }

        if (kept.Value.Length == ObjectIdBuffer.Size)
        {
            call.Output = kept.Value;
            return NtStatus.Success;
        }

        return creates ? await CreateAsync(call).ConfigureAwait(false) : NtStatus.ObjectIdNotFound;
    }

    private static Guid IdOf(uint volumeSerial, ulong fileId)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, volumeSerial);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], fileId);
        return new Guid(bytes);
    }

    private static async ValueTask<NtStatus> DeriveAsync(FsControlCall call)
    {
        var metadata = await call.File.GetMetadataAsync(call.Ended).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var volume = await call.File.Volume.GetVolumeAsync(call.Ended).ConfigureAwait(false);
        if (!volume.Succeeded)
        {
            return volume.Status;
        }

        var id = IdOf(volume.Value.SerialNumber, metadata.Value.FileId);
        var output = new byte[ObjectIdBuffer.Size];
        new ObjectIdBuffer(id, IdOf(volume.Value.SerialNumber, 0), id).Write(output);
        call.Output = output;
        return NtStatus.Success;
    }

    private async ValueTask<NtStatus> CreateAsync(FsControlCall call)
    {
        if (call.File.Volume.Store.Traits.Has(StoreAbilities.ReadOnly) || call.Open!.TreeConnect.Share.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        var volume = await call.File.Volume.GetVolumeAsync(call.Ended).ConfigureAwait(false);
        if (!volume.Succeeded)
        {
            return volume.Status;
        }

        var bytes = new byte[16];
        random.GetBytes(bytes);
        var id = new Guid(bytes);
        var output = new byte[ObjectIdBuffer.Size];
        new ObjectIdBuffer(id, IdOf(volume.Value.SerialNumber, 0), id).Write(output);
        var status = await call.File.SetObjectIdAsync(output, call.Ended).ConfigureAwait(false);
        call.Output = output;
        return status;
    }
}
