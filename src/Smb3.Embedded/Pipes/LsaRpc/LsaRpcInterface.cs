using Smb3.Embedded.Pipes.Ndr;
using Smb3.Embedded.Pipes.Rpc;

namespace Smb3.Embedded.Pipes.LsaRpc;

internal sealed class LsaRpcInterface(IPipeHost host) : IRpcInterface
{
    public IPipeHost Host { get; } = host;

    public RpcSyntax Syntax => default;

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation) =>
        ValueTask.FromResult(RpcStatus.OperationRangeError);
}
