namespace Smb3.Embedded.Rpc.Tcp;

/// <summary>What is behind a port.</summary>
/// <param name="Interfaces">What can be bound there.</param>
/// <param name="NeedsAuthentication">Whether a connection that does not authenticate in time ends.</param>
internal sealed record RpcTcpEndpoint(IReadOnlyList<IRpcInterface> Interfaces, bool NeedsAuthentication);
