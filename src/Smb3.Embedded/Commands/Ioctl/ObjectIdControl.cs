using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_CREATE_OR_GET_OBJECT_ID and FSCTL_GET_OBJECT_ID (MS-FSCC 2.3.1, 2.3.25). The id is not kept: it is made of the volume's
/// serial number and the file's id, which are as lasting and as unique as an object id has to be.
/// </summary>
internal sealed class ObjectIdControl(FsControlCode code) : IFsControl
{
    public FsControlCode Code => code;

    public bool NeedsOpen => true;

    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        if (call.Open is not FileHandle handle)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (call.MaxOutput < ObjectIdBuffer.Size)
        {
            return NtStatus.InvalidParameter;
        }

        var token = call.Request.Connection.Ended;
        var metadata = await handle.File.GetMetadataAsync(token).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var volume = await handle.File.Volume.GetVolumeAsync(token).ConfigureAwait(false);
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

    private static Guid IdOf(uint volumeSerial, ulong fileId)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, volumeSerial);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], fileId);
        return new Guid(bytes);
    }
}
