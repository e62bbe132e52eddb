using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>What a handle stands for (SAMPR_HANDLE, MS-SAMR 2.2.7.2).</summary>
/// <param name="Kind">The rights that objects of its kind have.</param>
/// <param name="Granted">Those that it was opened with.</param>
internal abstract record SamObject(SamRights Kind, uint Granted)
{
    /// <summary>Whether it was opened with all of these rights.</summary>
    public bool Has(uint rights) => (Granted & rights) == rights;

    /// <summary>STATUS_ACCESS_DENIED unless it was opened with all of these rights.</summary>
    public NtStatus Demand(uint rights) => Has(rights) ? NtStatus.Success : NtStatus.AccessDenied;

    /// <summary>Reads a handle; null when the caller has none of this kind.</summary>
    public static T? Find<T>(RpcCall call, ref NdrReader reader)
        where T : SamObject => call.Handles.Find<T>(RpcHandleScope.Read(ref reader));
}

/// <summary>The server.</summary>
internal sealed record SamServer(uint Granted) : SamObject(SamRights.Server, Granted);

/// <summary>A domain: the one of the server's own accounts, or BUILTIN.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sid">Its SID.</param>
/// <param name="Granted">The rights.</param>
internal sealed record SamDomain(string Name, Sid Sid, uint Granted) : SamObject(SamRights.Domain, Granted)
{
    public bool IsBuiltin => Sid == WellKnownSids.Builtin;
}

/// <summary>A group of the server's own.</summary>
internal sealed record SamGroup(PipeAccount Account, uint Granted) : SamObject(SamRights.Group, Granted);

/// <summary>A local group, which is one of BUILTIN.</summary>
internal sealed record SamAlias(PipeAccount Account, uint Granted) : SamObject(SamRights.Alias, Granted);

/// <summary>A user. What is asked later is about the user as it is then.</summary>
internal sealed record SamUser(PipeAccount Account, uint Granted) : SamObject(SamRights.User, Granted);
