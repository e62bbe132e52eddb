using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_DIRECTORY (MS-SMB2 3.3.5.18).</summary>
internal sealed class QueryDirectoryHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!QueryDirectoryRequest.TryParse(request.Message.Span, out var query) || (query.Pattern.Length & 1) != 0)
        {
            return NtStatus.InvalidParameter;
        }

        var informationClass = query.InformationClass;
        var flags = query.Flags;
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

        if (!handle.File.IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        var smallest = DirectoryEntryWriter.FixedSize(informationClass);
        if (smallest == 0)
        {
            return NtStatus.InvalidInfoClass;
        }

        if (length < smallest)
        {
            return NtStatus.InfoLengthMismatch;
        }

        var found = handle.File.GetDirectoryCursor();
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var pattern = query.GetPattern();
        return await ListAsync(request, found.Value, pattern, flags, informationClass, length).ConfigureAwait(false);
    }

    private static async ValueTask<NtStatus> ListAsync(
        Request request, DirectoryCursor cursor, string pattern, QueryDirectoryFlags flags, FileInformationClass informationClass, int length)
    {
        var token = request.Connection.Ended;
        var restart = (flags & QueryDirectoryFlags.RestartScans) != 0;
        var reopen = (flags & QueryDirectoryFlags.Reopen) != 0;
        var status = await cursor.StartAsync(pattern, restart, reopen, token).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // The buffer is as long as the client's and holds whole entries only; what is not used is given back.
        var buffer = request.AppendUninitialized(OutputBufferResponse.FixedSize + length)[OutputBufferResponse.FixedSize..];
        var list = new EntryListCursor(DirectoryEntryWriter.Alignment);
        var single = (flags & QueryDirectoryFlags.ReturnSingleEntry) != 0;
        while (true)
        {
            var peeking = cursor.PeekAsync(token);
            status = peeking.IsCompletedSuccessfully ? peeking.Result : await peeking.ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                if (list.Count == 0)
                {
                    return status;
                }

                break;
            }

            var current = cursor.Current;
            var entry = new Wire.Fscc.DirectoryEntry { File = current.Metadata.ToNetworkOpen(), FileId = current.Metadata.FileId };
            if (!DirectoryEntryWriter.TryWrite(ref list, buffer.Span, informationClass, entry, current.Name))
            {
                if (list.Count == 0)
                {
                    // MS-FSA 2.1.5.6.3: not even one name fits.
                    return NtStatus.InfoLengthMismatch;
                }

                break;
            }

            cursor.Advance();
            if (single)
            {
                break;
            }
        }

        request.TrimBody(OutputBufferResponse.FixedSize + list.Length);
        OutputBufferResponse.Write(request.Body, list.Length);
        return NtStatus.Success;
    }
}
