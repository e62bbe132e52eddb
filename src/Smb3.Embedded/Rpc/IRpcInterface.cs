using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// An RPC interface: what a client binds to and calls by operation number. Stateless; one instance serves all connections.
/// </summary>
internal interface IRpcInterface
{
    /// <summary>The interface's UUID and version.</summary>
    RpcSyntax Syntax { get; }

    /// <summary>Runs one call. It may wait as long as it likes: other calls of the connection go on in the meantime.</summary>
    /// <param name="call">What is asked, and by whom.</param>
    /// <param name="output">Takes the response's stub; not looked at unless the result is <see cref="RpcStatus.Ok"/>.</param>
    /// <param name="cancellation">Ends with the connection, or when the client has the call cancelled.</param>
    /// <returns><see cref="RpcStatus.Ok"/>, or the status of the fault. An error of the operation itself is in the stub.</returns>
    ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation);
}

/// <summary>One call.</summary>
/// <param name="Opnum">The operation number.</param>
/// <param name="Stub">The marshalled parameters of all fragments; valid during the call.</param>
/// <param name="IsBigEndian">How the client marshals integers.</param>
/// <param name="Caller">Who calls.</param>
/// <param name="AuthLevel">How the call is protected by RPC itself; what the transport does is not counted.</param>
/// <param name="Handles">The context handles that this caller holds.</param>
internal readonly record struct RpcCall(
    ushort Opnum, ReadOnlyMemory<byte> Stub, bool IsBigEndian, RpcCaller Caller, RpcAuthLevel AuthLevel, RpcHandleScope Handles)
{
    /// <summary>Reads the parameters from the first on.</summary>
    public NdrReader ReadStub() => new(Stub.Span, IsBigEndian);
}
