namespace Smb3.Embedded.Rpc;

/// <summary>What all connections of one server share, whatever carries them.</summary>
/// <param name="limits">What clients can make it hold.</param>
/// <param name="security">The security providers; null: binds with authentication are refused.</param>
/// <param name="fault">Is told of an interface that threw; the client gets a fault.</param>
internal sealed class RpcServer(RpcLimits limits, IRpcSecurity? security, Action<Exception> fault)
{
    public RpcLimits Limits => limits;

    public IRpcSecurity? Security => security;

    public Action<Exception> Fault => fault;

    public RpcAssociationTable Associations { get; } = new(limits);

    public RpcQuotaTable Quotas { get; } = new(limits);
}
