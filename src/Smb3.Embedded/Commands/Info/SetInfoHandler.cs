using Smb3.Embedded.Commands.ExtendedAttributes;
using Smb3.Embedded.Commands.Opens;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Info;

/// <summary>SET_INFO (MS-SMB2 3.3.5.21).</summary>
internal sealed class SetInfoHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!SetInfoRequest.TryParse(request.Message.Span, out var set))
        {
            return NtStatus.InvalidParameter;
        }

        // MS-SMB2 3.3.5.21
        if (set.Buffer.IsEmpty)
        {
            return NtStatus.InvalidParameter;
        }

        if (set.Buffer.Length > request.Connection.Negotiated!.MaxTransactSize || !request.HasPaidFor(set.Buffer.Length))
        {
            return NtStatus.InvalidParameter;
        }

        var status = request.FindOpen(set.FileId, out var open);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var file = (open as FileHandle)?.File;
        FileInformationClass? kind = set.InfoType == Smb2InfoType.File ? set.FileInformationClass : null;
        var wasDeletePending = file is { IsDeletePending: true };
        status = await SetAsync(request, open, set).ConfigureAwait(false);
        if (status == NtStatus.Success && file is not null)
        {
            status = await SettleAsync(file, kind, wasDeletePending).ConfigureAwait(false);
        }

        if (status == NtStatus.Success)
        {
            SetInfoResponse.Write(request.Append(SetInfoResponse.FixedSize));
        }

        return status;
    }

    /// <summary>Completes when what was set is safe, with the status of the answer.</summary>
    private static async ValueTask<NtStatus> SettleAsync(FileOpen file, FileInformationClass? kind, bool wasDeletePending)
    {
        switch (kind)
        {
            // Of the handle alone; the position is kept when something else is.
            case FileInformationClass.FilePositionInformation:
                return NtStatus.Success;
            case FileInformationClass.FileModeInformation:
                return await file.State.CommitAsync().ConfigureAwait(false);

            // The record has had both names since before the store was asked: a journal that cannot keep more loses nothing.
            case FileInformationClass.FileRenameInformation:
            case FileInformationClass.FileRenameInformationEx:
                var renamed = await file.SettleAsync().ConfigureAwait(false);
                return renamed == NtStatus.InsufficientResources && file.State.IsKept
                    ? await file.FlushNamesAsync().ConfigureAwait(false) : renamed;

            case FileInformationClass.FileDispositionInformation:
            case FileInformationClass.FileDispositionInformationEx:
                var marked = await file.SettleAsync().ConfigureAwait(false);
                if (marked != NtStatus.Success)
                {
                    await file.RestoreDispositionAsync(wasDeletePending).ConfigureAwait(false); // the client is told that nothing has changed
                }

                return marked;
            default:
                return await file.SettleAsync().ConfigureAwait(false);
        }
    }

    private static ValueTask<NtStatus> SetAsync(Request request, Open open, in SetInfoRequest set) =>
        (open, set.InfoType) switch
        {
            (FileHandle handle, Smb2InfoType.File) => SetFile(request, handle.File, set.FileInformationClass, set.Buffer),
            (FileHandle handle, Smb2InfoType.Security) =>
                handle.File.SetSecurityAsync(set.SecurityInformation, set.Buffer.ToArray(), request.Token),

            (FileHandle or QuotaHandle, Smb2InfoType.Quota) => QuotaCommands.SetAsync(request, open, set.Buffer.ToArray()),
            (FileHandle or QuotaHandle, Smb2InfoType.FileSystem)
                when set.FsInformationClass == FsInformationClass.FileFsControlInformation =>
                QuotaCommands.SetSettingsAsync(request, open, set.Buffer.ToArray()),

            (FileHandle or QuotaHandle, Smb2InfoType.FileSystem) => new(InformationClasses.RefusalToSet(set.FsInformationClass)),
            (QuotaHandle, _) => new(NtStatus.InvalidDeviceRequest),

            // Read and completion mode: message mode is the only one that RPC pipes support, and what clients set.
            (PipeHandle, Smb2InfoType.File) when set.FileInformationClass == FileInformationClass.FilePipeInformation =>
                new(PipeInformation.TryParse(set.Buffer, out _) ? NtStatus.Success : NtStatus.InfoLengthMismatch),
            (PipeHandle, Smb2InfoType.File) => new(InformationClasses.RefusalOfPipes(set.FileInformationClass)),
            (PipeHandle, _) => new(NtStatus.NotSupported),
            _ => new ValueTask<NtStatus>(NtStatus.InvalidParameter),
        };

    private static ValueTask<NtStatus> SetFile(
        Request request, FileOpen file, FileInformationClass informationClass, ReadOnlySpan<byte> buffer)
    {
        var token = request.Token;
        switch (informationClass)
        {
            case FileInformationClass.FileBasicInformation:
                return BasicInformation.TryParse(buffer, out var basic)
                    ? file.SetBasicAsync(
                        new BasicTimes(basic.CreationTime, basic.LastAccessTime, basic.LastWriteTime, basic.ChangeTime),
                        basic.Attributes,
                        token)
                    : new(NtStatus.InfoLengthMismatch);

            case FileInformationClass.FileRenameInformation:
            case FileInformationClass.FileRenameInformationEx:
                return Rename(request, file, buffer, informationClass == FileInformationClass.FileRenameInformationEx, token);

            case FileInformationClass.FileLinkInformation:
            case FileInformationClass.FileLinkInformationEx:
                return Link(request, file, buffer, informationClass == FileInformationClass.FileLinkInformationEx, token);

            case FileInformationClass.FileDispositionInformation:
                return SetInformation.TryReadDisposition(buffer, out var delete)
                    ? file.SetDispositionAsync(delete, posix: false, ignoreReadOnly: false, onClose: false, request.EnableCancel, token)
                    : new(NtStatus.InfoLengthMismatch);

            case FileInformationClass.FileDispositionInformationEx:
                return SetInformation.TryReadDispositionEx(buffer, out var flags)
                    ? file.SetDispositionAsync(
                        (flags & DispositionFlags.Delete) != 0,
                        (flags & DispositionFlags.PosixSemantics) != 0,
                        (flags & DispositionFlags.IgnoreReadOnlyAttribute) != 0,
                        (flags & DispositionFlags.OnClose) != 0,
                        request.EnableCancel,
                        token)
                    : new(NtStatus.InfoLengthMismatch);

            case FileInformationClass.FileModeInformation:
                return new(SetInformation.TryReadMode(buffer, out var mode) ? file.SetMode(mode) : NtStatus.InfoLengthMismatch);

            case FileInformationClass.FileFullEaInformation:
                var read = EaFacts.Read(buffer, out var attributes);
                return read == NtStatus.Success ? file.SetExtendedAttributesAsync(attributes, token) : new(read);

            case FileInformationClass.FileShortNameInformation:
                return buffer.Length < sizeof(uint) ? new(NtStatus.InfoLengthMismatch)
                    : file.SetShortNameAsync(
                        SetInformation.TryReadName(buffer, out var shortName) && shortName.Length % sizeof(char) == 0 ? shortName.Utf16() : null,
                        token);

            case FileInformationClass.FileEndOfFileInformation:
            case FileInformationClass.FileAllocationInformation:
            case FileInformationClass.FilePositionInformation:
            case FileInformationClass.FileValidDataLengthInformation:
                return SetInformation.TryReadSize(buffer, out var value)
                    ? SetSize(file, informationClass, value, token)
                    : new(NtStatus.InfoLengthMismatch);

            default:
                return new(InformationClasses.RefusalToSet(informationClass));
        }
    }

    private static ValueTask<NtStatus> SetSize(FileOpen file, FileInformationClass informationClass, long value, CancellationToken token) =>
        informationClass switch
        {
            FileInformationClass.FileEndOfFileInformation => file.SetEndOfFileAsync(value, token),
            FileInformationClass.FileAllocationInformation => file.SetAllocationAsync(value, token),
            FileInformationClass.FilePositionInformation => new(file.SetPosition(value)),
            _ => file.SetValidDataLengthAsync(value, token),
        };

    private static ValueTask<NtStatus> Rename(
        Request request, FileOpen file, ReadOnlySpan<byte> buffer, bool extended, CancellationToken token)
    {
        if (!RenameInformation.TryParse(buffer, extended, out var rename))
        {
            return new(NtStatus.InfoLengthMismatch);
        }

        if (rename.RootDirectory != 0 || !rename.HasName)
        {
            return new(NtStatus.InvalidParameter);
        }

        return file.RenameAsync(
            TargetOf(rename),
            rename.ReplaceIfExists,
            (rename.Flags & RenameFlags.PosixSemantics) != 0,
            (rename.Flags & RenameFlags.IgnoreReadOnlyAttribute) != 0,
            request.EnableCancel,
            request.Later,
            token);
    }

    /// <summary>
    /// The path from the share's root; clients send it with and without a backslash in front (MS-FSCC 2.4.42.2 has none).
    /// </summary>
    private static string TargetOf(in RenameInformation information)
    {
        var name = information.GetName();
        return name.StartsWith('\\') ? name[1..] : name;
    }

    private static ValueTask<NtStatus> Link(
        Request request, FileOpen file, ReadOnlySpan<byte> buffer, bool extended, CancellationToken token)
    {
        if (!RenameInformation.TryParse(buffer, extended, out var link))
        {
            return new(NtStatus.InfoLengthMismatch);
        }

        if (link.RootDirectory != 0 || !link.HasName)
        {
            return new(NtStatus.InvalidParameter);
        }

        return file.LinkAsync(
            TargetOf(link), link.ReplaceIfExists, (link.Flags & RenameFlags.IgnoreReadOnlyAttribute) != 0, request.EnableCancel,
            request.Later, token);
    }
}
