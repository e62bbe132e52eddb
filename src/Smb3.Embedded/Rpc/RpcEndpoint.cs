namespace Smb3.Embedded.Rpc;

/// <summary>What is behind one address: a pipe, or a port.</summary>
/// <param name="SecondaryAddress">What bind_ack says the address is: <c>\PIPE\srvsvc</c>, or the port in decimal.</param>
/// <param name="Interfaces">What can be bound there.</param>
internal sealed record RpcEndpoint(string SecondaryAddress, IReadOnlyList<IRpcInterface> Interfaces);
