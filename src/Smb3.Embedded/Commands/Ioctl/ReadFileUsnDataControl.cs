using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_READ_FILE_USN_DATA (MS-FSA 2.1.5.10.27): the record of a change journal that is not active, so it says what the file is and where, and
/// no number of a change.
/// </summary>
internal sealed class ReadFileUsnDataControl : IFsControl
{
    private const int VersionsSize = 4;

    public async ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var version = UsnRecord.First;
        if (call.Input.Length >= VersionsSize)
        {
            var (least, most) = (call.Input.Span.UInt16(0), call.Input.Span.UInt16(2));
            if (least > most || least > UsnRecord.Last || most < UsnRecord.First)
            {
                return NtStatus.InvalidParameter;
            }

            version = Math.Min(most, UsnRecord.Last);
        }

        var whole = await call.File.GetWholeMetadataAsync(call.Ended).ConfigureAwait(false);
        if (!whole.Succeeded)
        {
            return whole.Status;
        }

        var parent = await ParentAsync(call.File, whole.Value.FileId, call.Ended).ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        var record = new UsnRecord
        {
            Version = version,
            FileId = whole.Value.FileId,
            ParentId = parent.Value,
            Attributes = whole.Value.Attributes,
            Name = call.File.Path.IsRoot ? "." : call.File.Path.Name, // as the root of NTFS is called
        };
        if (call.MaxOutput < record.Size)
        {
            return NtStatus.BufferTooSmall;
        }

        var output = new byte[record.Size];
        record.Write(output);
        call.Output = output;
        return NtStatus.Success;
    }

    /// <summary>The id of the directory with the file; the root is in itself.</summary>
    private static async ValueTask<NtResult<ulong>> ParentAsync(FileOpen file, ulong own, CancellationToken token)
    {
        if (file.Path.IsRoot)
        {
            return own;
        }

        var opened = await file.Volume.Store.OpenAsync(file.Path.Parent, StoreAccess.Metadata, token).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(token).ConfigureAwait(false);
        return metadata.Succeeded ? metadata.Value.FileId : metadata.Status;
    }
}
