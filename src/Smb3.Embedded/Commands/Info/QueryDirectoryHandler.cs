using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Apple;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Posix;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_DIRECTORY (MS-SMB2 3.3.5.18).</summary>
internal sealed class QueryDirectoryHandler : ICommandHandler
{
    private const AppleServerCapabilities EntryVersions =
        AppleServerCapabilities.ReadDirectoryAttributes | AppleServerCapabilities.ReadDirectoryAttributesV2;

    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!QueryDirectoryRequest.TryParse(request.Message.Span, out var query) || (query.Pattern.Length & 1) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        var informationClass = query.InformationClass;
        var flags = query.Flags;
        var index = query.FileIndex;
        var length = (int)Math.Min(query.OutputBufferLength, int.MaxValue);
        var status = request.FindFile(query.FileId, out var handle);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (length > request.Connection.Negotiated!.MaxTransactSize || !request.HasPaidFor(length))
        {
            return NtStatus.InvalidParameter;
        }

        var isPosix = informationClass == FileInformationClass.FilePosixInformation && PosixCommands.AreSpoken(request);
        var smallest = isPosix ? PosixInformation.MinimumEntry : DirectoryEntryWriter.FixedSize(informationClass);
        if (smallest == 0)
        {
            return NtStatus.InvalidInfoClass;
        }

        if (length < smallest)
        {
            return NtStatus.InfoLengthMismatch;
        }

        var begun = await handle.File.QueryDirectoryAsync(
            handle.File.State.IsPosix ? PosixNames.ToWindowsPattern(query.GetPattern()) : query.GetPattern(),
            (flags & QueryDirectoryFlags.RestartScans) != 0,
            (flags & QueryDirectoryFlags.Reopen) != 0,
            (flags & QueryDirectoryFlags.IndexSpecified) != 0 ? index : null,
            request.Token).ConfigureAwait(false);
        if (!begun.Succeeded)
        {
            return begun.Status;
        }

        using var listing = begun.Value;
        return await ListAsync(
            request, handle.File, listing, informationClass, length, (flags & QueryDirectoryFlags.ReturnSingleEntry) != 0)
            .ConfigureAwait(false);
    }

    public long LargestOutput(Request request) =>
        QueryDirectoryRequest.TryParse(request.Message.Span, out var query) ? query.OutputBufferLength : 0;

    private static async ValueTask<NtStatus> ListAsync(
        Request request,
        FileOpen directory,
        DirectoryQuery listing,
        FileInformationClass informationClass,
        int length,
        bool single)
    {
        var token = request.Token;
        var shortNames = DirectoryEntryWriter.HasShortName(informationClass)
            ? await directory.Volume.ShortNames.InAsync(directory.Path, token).ConfigureAwait(false)
            : null;
        var agreed = informationClass == FileInformationClass.FileIdBothDirectoryInformation && directory.Volume.Options.ServesMacs
            ? request.Session!.Apple
            : AppleServerCapabilities.None;

        // The buffer is as long as the client's and holds whole entries only; what is not used is given back.
        var buffer = request.AppendUninitialized(OutputBufferResponse.FixedSize + length)[OutputBufferResponse.FixedSize..];
        var list = new EntryListCursor(DirectoryEntryWriter.Alignment);
        while (true)
        {
            var peeking = listing.PeekAsync(token);
            var status = peeking.IsCompletedSuccessfully ? peeking.Result : await peeking.ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                if (list.Count == 0)
                {
                    return status;
                }

                break;
            }

            PosixInformation? posix = informationClass == FileInformationClass.FilePosixInformation
                ? await PosixCommands.DescribeEntryAsync(directory, listing.Current, token).ConfigureAwait(false)
                : null;
            AppleEntry? apple = null;
            if ((agreed & EntryVersions) != 0)
            {
                var attributes = await AppleAttributes.ReadAsync(directory, listing.Current.Name, listing.Current.Metadata, token).ConfigureAwait(false);
                apple = ToEntry(attributes, agreed);
            }

            var fits = posix is { } information
                ? information.TryWriteEntry(ref list, buffer.Span, PosixNames.FromWindows(listing.Current.Name))
                : TryWrite(ref list, buffer.Span, informationClass, listing.Current, shortNames, apple);
            if (!fits)
            {
                if (list.Count == 0)
                {
                    // MS-FSA 2.1.5.6.3: not even one name fits.
                    return NtStatus.InfoLengthMismatch;
                }

                break;
            }

            listing.Advance();
            if (single)
            {
                break;
            }
        }

        request.TrimBody(OutputBufferResponse.FixedSize + list.Length);
        OutputBufferResponse.Write(request.Body, list.Length);
        return NtStatus.Success;
    }

    private static AppleEntry ToEntry(in AppleAttributes attributes, AppleServerCapabilities agreed) => new(
        attributes.MaximalAccess,
        attributes.ResourceForkLength,
        attributes.FinderInfo,
        (agreed & AppleServerCapabilities.UnixBased) != 0 ? attributes.Mode : (ushort)0,
        (agreed & AppleServerCapabilities.ReadDirectoryAttributesV2) == 0 ? AppleEntry.FirstVersion
            : attributes.HasStreams ? (ushort)0
            : AppleEntry.NoExtendedAttributes);

    private static bool TryWrite(
        ref EntryListCursor list, Span<byte> buffer, FileInformationClass informationClass, in Files.Listing.DirectoryEntry current,
        ShortNameTable? shortNames, AppleEntry? apple)
    {
        var entry = new Wire.Fscc.DirectoryEntry
        {
            File = current.Metadata.ToNetworkOpen(),
            FileId = current.Metadata.FileId,
            EaSize = current.Metadata.EaSize,
            Apple = apple,
            ReparseTag = current.Metadata.ReparseTag,
            FileIndex = current.Index,
        };

        // A name that is short already stands alone (MS-FSCC 2.4.8).
        var shortName = current.Name is "." or ".." ? null : shortNames?.Of(current.Name);
        return DirectoryEntryWriter.TryWrite(ref list, buffer, informationClass, entry, current.Name, shortName);
    }
}
