using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>Who calls, and how calls are protected.</summary>
internal sealed record RpcTestCredentials(string UserName, string Password)
{
    public RpcAuthLevel Level { get; init; } = RpcAuthLevel.Integrity;

    /// <summary>NTLM inside SPNEGO, which takes an alter_context; otherwise alone, which takes an auth_3.</summary>
    public bool Spnego { get; init; }
}
