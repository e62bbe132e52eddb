using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>The rights of a policy handle (MS-LSAD 2.2.1.1.2).</summary>
[Flags]
internal enum PolicyAccess : uint
{
    None = 0,
    ViewLocalInformation = 0x00000001,
    LookupNames = 0x00000800,
    ReadControl = 0x00020000,

    /// <summary>POLICY_EXECUTE: what every account has.</summary>
    Execute = ReadControl | ViewLocalInformation | LookupNames,

    /// <summary>POLICY_READ.</summary>
    Read = ReadControl | 0x6,

    /// <summary>POLICY_WRITE.</summary>
    Write = ReadControl | 0x7F8,

    /// <summary>POLICY_ALL_ACCESS.</summary>
    All = 0x000F0FFF,
}

/// <summary>An open policy object.</summary>
/// <param name="Granted">The rights that it was opened with.</param>
internal sealed record LsaPolicy(PolicyAccess Granted)
{
    private static readonly GenericRights Generic =
        new((uint)PolicyAccess.Read, (uint)PolicyAccess.Write, (uint)PolicyAccess.Execute, (uint)PolicyAccess.All);

    /// <summary>Checks what a caller asks for; null when it is more than the caller has.</summary>
    public static LsaPolicy? Open(PolicyAccess desired, RpcCaller caller)
    {
        var allowed = caller.IsAnonymous ? PolicyAccess.None : caller.IsAdministrator ? PolicyAccess.All : PolicyAccess.Execute;
        return Generic.Grant((uint)desired, (uint)allowed) is { } granted ? new LsaPolicy((PolicyAccess)granted) : null;
    }
}
