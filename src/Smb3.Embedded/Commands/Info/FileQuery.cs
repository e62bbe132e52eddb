using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_INFO about a file (MS-SMB2 3.3.5.20.1, MS-FSA 2.1.5.12).</summary>
internal static class FileQuery
{
    /// <summary>The options of an open that FileModeInformation shows (MS-FSA 2.1.5.12.20).</summary>
    private const CreateOptions ShownModes = CreateOptions.WriteThrough | CreateOptions.SequentialOnly
        | CreateOptions.NoIntermediateBuffering | CreateOptions.SynchronousIoAlert | CreateOptions.SynchronousIoNonAlert
        | CreateOptions.DeleteOnClose;

    public static async ValueTask<NtStatus> AnswerAsync(
        Request request, FileHandle handle, FileInformationClass informationClass, int length)
    {
        // MS-FSA 2.1.5.12.21 to 23: of a file, a pipe's classes say nothing.
        if (InformationClasses.IsOfPipes(informationClass))
        {
            return NtStatus.InvalidParameter;
        }

        // MS-SMB2 3.3.5.20.1: only from 3.1.1 on.
        if (informationClass == FileInformationClass.FileNormalizedNameInformation && request.Connection.Negotiated!.Dialect < Smb2Dialect.Smb311)
        {
            return NtStatus.NotSupported;
        }

        // MS-FSA 2.1.5.12: the length comes first, whatever the open may see and whatever there is to tell.
        if (length < FileInformationWriter.ShortestOutput(informationClass))
        {
            return NtStatus.InfoLengthMismatch;
        }

        if (NeedsReadAttributes(informationClass) && !handle.File.HasAny(FileAccessMask.ReadAttributes))
        {
            return NtStatus.AccessDenied;
        }

        // MS-FSA 2.1.5.12.4: the root has no name at all.
        if (informationClass == FileInformationClass.FileAlternateNameInformation && handle.File.Path.IsRoot)
        {
            return NtStatus.ObjectNameNotFound;
        }

        var found = await handle.File.GetMetadataAsync(request.Token).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var metadata = found.Value;
        if (informationClass == FileInformationClass.FileStreamInformation)
        {
            return await StreamsAsync(request, handle, length).ConfigureAwait(false);
        }

        var volumeSerial = 0u;
        if (informationClass is FileInformationClass.FileIdInformation or FileInformationClass.FileStatBasicInformation)
        {
            var volume = await handle.File.Volume.GetVolumeAsync(request.Token).ConfigureAwait(false);
            volumeSerial = volume.Succeeded ? volume.Value.SerialNumber : 0;
        }

        string? alternate = null;
        if (informationClass == FileInformationClass.FileAlternateNameInformation)
        {
            alternate = await handle.File.Volume.ShortNames.OfAsync(handle.File.Path, request.Token).ConfigureAwait(false);
            if (alternate is null)
            {
                return NtStatus.ObjectNameNotFound; // MS-FSA 2.1.5.12.4: there is none
            }
        }

        var target = InfoOutput.Begin(request, length);
        var status = FileInformationWriter.Write(
            informationClass, Describe(handle, metadata, volumeSerial), alternate ?? NameFor(informationClass, handle), target, out var written);
        return InfoOutput.End(request, status, written);
    }

    private static FileInformation Describe(FileHandle handle, in FileMetadata metadata, uint volumeSerial) => new()
    {
        File = metadata.ToNetworkOpen(),
        FileId = metadata.FileId,
        VolumeSerialNumber = volumeSerial,
        LinkCount = metadata.LinkCount,
        DeletePending = handle.File.IsDeletePending,
        IsDirectory = metadata.IsDirectory,
        EaSize = metadata.EaSize,
        ReparseTag = metadata.ReparseTag,
        GrantedAccess = handle.File.GrantedAccess,
        Mode = handle.File.Options & ShownModes,
        Position = handle.File.Position,
        IsCaseSensitive = handle.File.Volume.Store.Traits.Has(StoreAbilities.CaseSensitive),
    };

    private static string NameFor(FileInformationClass informationClass, FileHandle handle) => informationClass switch
    {
        FileInformationClass.FileNormalizedNameInformation => handle.File.FullName,
        _ => "\\" + handle.File.FullName,
    };

    /// <summary>MS-FSA 2.1.5.12: what describes the file needs FILE_READ_ATTRIBUTES; what only describes the open does not.</summary>
    private static bool NeedsReadAttributes(FileInformationClass informationClass) => informationClass
        is FileInformationClass.FileBasicInformation
        or FileInformationClass.FileAllInformation
        or FileInformationClass.FileNetworkOpenInformation
        or FileInformationClass.FileAttributeTagInformation
        or FileInformationClass.FileStatInformation;

    /// <summary>The unnamed stream, which a directory does not have, and the named ones.</summary>
    private static async ValueTask<NtStatus> StreamsAsync(Request request, FileHandle handle, int length)
    {
        var token = request.Token;
        var whole = await handle.File.GetWholeMetadataAsync(token).ConfigureAwait(false);
        if (!whole.Succeeded)
        {
            return whole.Status;
        }

        var streams = await handle.File.ListStreamsAsync(token).ConfigureAwait(false);
        if (!streams.Succeeded)
        {
            return streams.Status;
        }

        var target = InfoOutput.Begin(request, length);
        var list = new EntryListCursor(StreamInformationWriter.Alignment);
        var fits = whole.Value.IsDirectory
            || StreamInformationWriter.TryWrite(ref list, target, "::$DATA", whole.Value.Length, whole.Value.AllocationSize);
        foreach (var stream in streams.Value)
        {
            fits = fits
                && StreamInformationWriter.TryWrite(ref list, target, $":{stream.Name}:$DATA", stream.Length, stream.AllocationSize);
        }

        return InfoOutput.End(request, fits ? NtStatus.Success : NtStatus.BufferOverflow, list.Length);
    }
}
