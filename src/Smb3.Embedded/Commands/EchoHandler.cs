using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands;

/// <summary>ECHO (MS-SMB2 3.3.5.17).</summary>
internal sealed class EchoHandler : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!EmptyRequest.TryParse(request.Message.Span, out _))
        {
            return new(NtStatus.InvalidParameter);
        }

        EmptyResponse.Write(request.Append(EmptyResponse.FixedSize));
        return new(NtStatus.Success);
    }
}
