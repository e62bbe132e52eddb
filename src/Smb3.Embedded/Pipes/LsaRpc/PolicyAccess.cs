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
    MaximumAllowed = 0x02000000,
    GenericAll = 0x10000000,
    GenericExecute = 0x20000000,
    GenericWrite = 0x40000000,
    GenericRead = 0x80000000,

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
    /// <summary>Checks what a caller asks for; null when it is more than the caller has.</summary>
    public static LsaPolicy? Open(PolicyAccess desired, RpcCaller caller)
    {
        var allowed = caller.IsAnonymous ? PolicyAccess.None : caller.IsAdministrator ? PolicyAccess.All : PolicyAccess.Execute;
        var wanted = Expand(desired);
        if (desired.HasFlag(PolicyAccess.MaximumAllowed))
        {
            wanted |= allowed;
        }

        return (wanted & ~allowed) == 0 && wanted != 0 ? new LsaPolicy(wanted) : null;
    }

    private static PolicyAccess Expand(PolicyAccess desired)
    {
        const PolicyAccess Generic =
            PolicyAccess.GenericAll | PolicyAccess.GenericExecute | PolicyAccess.GenericWrite | PolicyAccess.GenericRead;
        var wanted = desired & ~(Generic | PolicyAccess.MaximumAllowed);
        wanted |= desired.HasFlag(PolicyAccess.GenericAll) ? PolicyAccess.All : 0;
        wanted |= desired.HasFlag(PolicyAccess.GenericExecute) ? PolicyAccess.Execute : 0;
        wanted |= desired.HasFlag(PolicyAccess.GenericWrite) ? PolicyAccess.Write : 0;
        wanted |= desired.HasFlag(PolicyAccess.GenericRead) ? PolicyAccess.Read : 0;
        return wanted;
    }
}
