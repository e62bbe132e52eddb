using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Errors;

namespace Smb3.Embedded.Commands.Info;

/// <summary>QUERY_INFO about security (MS-SMB2 3.3.5.20.3).</summary>
internal static class SecurityQuery
{
    public static async ValueTask<NtStatus> AnswerAsync(Request request, FileHandle handle, SecurityInformation parts, int length)
    {
        var found = await handle.File.GetSecurityAsync(parts, request.Token).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        var descriptor = (request.Session!.Apple & AppleServerCapabilities.NfsAces) != 0 && (parts & SecurityInformation.Dacl) != 0
            ? await WithModeAsync(handle.File, found.Value, request.Token).ConfigureAwait(false)
            : found.Value;
        if (descriptor.Length > length)
        {
            // The error carries the length that it takes (MS-SMB2 2.2.2.1).
            var asContext = request.Connection.Negotiated!.Dialect >= Smb2Dialect.Smb311;
            var body = request.Append(ErrorResponse.Size(asContext, sizeof(uint)));
            ErrorResponse.WriteRequiredLength(body, asContext, (uint)descriptor.Length);
            request.KeepBody();
            return NtStatus.BufferTooSmall;
        }

        descriptor.Span.CopyTo(InfoOutput.Begin(request, descriptor.Length));
        return InfoOutput.End(request, NtStatus.Success, descriptor.Length);
    }

    /// <summary>A Mac reads the mode here, and sets it by sending the list back with another one.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> WithModeAsync(FileOpen open, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        var metadata = await open.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata is { Succeeded: true, Value.UnixMode: { } mode }
            && SecurityDescriptor.Read(descriptor.Span, out var read) == NtStatus.Success && read!.Dacl is { } dacl
                ? (read with { Dacl = PosixModeEntry.Add(dacl, mode) }).ToArray()
                : descriptor;
    }
}
