namespace Smb3.Embedded.Rpc;

/// <summary>The security providers of a server: they prove who is calling, beyond what the transport knows.</summary>
internal interface IRpcSecurity
{
    /// <summary>Begins a security context; null when there is no such provider.</summary>
    /// <param name="type">What the client asks for.</param>
    /// <param name="peer">Who the transport says it is.</param>
    IRpcSecurityContext? Begin(RpcAuthType type, RpcCaller peer);
}
