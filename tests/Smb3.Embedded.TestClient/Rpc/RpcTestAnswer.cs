using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>The answer to a call: a fault, or the stub of a response.</summary>
internal sealed record RpcTestAnswer(RpcStatus Fault, byte[] Stub);
