namespace Smb3.Embedded.Rpc;

/// <summary>One association group.</summary>
internal sealed class RpcAssociation(uint id, RpcCaller caller, RpcContextHandles handles)
{
    /// <summary>The group id that bind_ack carries; never zero.</summary>
    public uint Id { get; } = id;

    /// <summary>Whose group it is.</summary>
    public RpcCaller Caller { get; } = caller;

    /// <summary>The connections in it; guarded by the table.</summary>
    public int Connections { get; set; }

    /// <summary>The context handles that its connections share.</summary>
    public RpcContextHandles Handles => handles;
}
