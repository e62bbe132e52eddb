using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>A call was answered with a fault.</summary>
internal sealed class RpcTestFaultException(RpcStatus status) : Exception($"The server answered with the fault {status}.")
{
    public RpcStatus Status => status;
}
