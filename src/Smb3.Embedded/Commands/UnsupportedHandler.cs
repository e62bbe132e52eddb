using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Commands;

/// <summary>A command that the protocol has and this server does not serve: said with the status that the specification names.</summary>
internal sealed class UnsupportedHandler(NtStatus status) : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request) => new(status);
}
