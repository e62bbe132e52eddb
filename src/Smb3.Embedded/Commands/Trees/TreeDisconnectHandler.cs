using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Trees;

/// <summary>TREE_DISCONNECT (MS-SMB2 3.3.5.8).</summary>
internal sealed class TreeDisconnectHandler : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!EmptyRequest.TryParse(request.Message.Span, out _))
        {
            return NtStatus.InvalidParameter;
        }

        await request.TreeConnect!.EndAsync().ConfigureAwait(false);
        EmptyResponse.Write(request.Append(EmptyResponse.FixedSize));
        return NtStatus.Success;
    }
}
