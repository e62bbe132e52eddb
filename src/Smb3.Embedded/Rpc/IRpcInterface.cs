using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>An RPC interface: what a client binds to and calls by operation number. Without state; one serves all connections.</summary>
internal interface IRpcInterface
{
    /// <summary>The interface's UUID and version.</summary>
    RpcSyntax Syntax { get; }

    /// <summary>Runs one call.</summary>
    /// <param name="call">What is asked, and by whom.</param>
    /// <param name="output">Takes the response's stub; not looked at unless the result is <see cref="RpcStatus.Ok"/>.</param>
    /// <param name="cancellation">Ends with the pipe.</param>
    /// <returns><see cref="RpcStatus.Ok"/>, or the status of the fault. An error of the operation itself is in the stub.</returns>
    ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation);
}

/// <summary>One call.</summary>
/// <param name="Opnum">The operation number.</param>
/// <param name="Stub">The marshalled parameters of all fragments; valid during the call.</param>
/// <param name="Caller">Who calls.</param>
/// <param name="Handles">The context handles that this caller holds.</param>
internal readonly record struct RpcCall(ushort Opnum, ReadOnlyMemory<byte> Stub, RpcCaller Caller, RpcContextHandles Handles);
