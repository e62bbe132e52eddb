using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
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

        var descriptor = found.Value;
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
}
