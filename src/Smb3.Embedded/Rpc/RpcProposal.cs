namespace Smb3.Embedded.Rpc;

/// <summary>What a client proposed to bind, and the answer to it.</summary>
internal sealed class RpcProposal(int count)
{
    public RpcContextResult[] Results { get; } = new RpcContextResult[count];

    public List<(ushort Id, IRpcInterface Interface)> Accepted { get; } = [];
}
