using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>
/// The Security Account Manager (MS-SAMR), to be read and not written: which users and groups the server itself has, who is in which group, and what
/// there is to know of each.
/// </summary>
internal sealed class SamrInterface : IRpcInterface
{
    private readonly IPipeHost _host;
    private readonly SamrDomains _domains;
    private readonly SamrLists _lists;
    private readonly SamrAccounts _accounts;

    public SamrInterface(IPipeHost host)
    {
        _host = host;
        var database = new SamDatabase(host);
        _domains = new SamrDomains(host, database);
        _lists = new SamrLists(database);
        _accounts = new SamrAccounts(database);
    }

    public RpcSyntax Syntax => new(new Guid("12345778-1234-abcd-ef00-0123456789ac"), 1, 0);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation) =>
        (SamrOperation)call.Opnum switch
        {
            SamrOperation.LookupNames => _lists.NamesAsync(call, output, cancellation),
            SamrOperation.LookupIds => _lists.IdsAsync(call, output, cancellation),
            SamrOperation.OpenUser or SamrOperation.OpenGroup or SamrOperation.OpenAlias => _accounts.OpenAsync(call, output, cancellation),
            SamrOperation.QueryInformationUser or SamrOperation.QueryInformationUser2 => _accounts.QueryUserAsync(call, output, cancellation),
            SamrOperation.GetGroupsForUser => _accounts.GroupsOfUserAsync(call, output, cancellation),
            _ => ValueTask.FromResult(Invoke(call, output)),
        };

    private RpcStatus Invoke(RpcCall call, NdrWriter output) => (SamrOperation)call.Opnum switch
    {
        SamrOperation.Connect or SamrOperation.Connect2 or SamrOperation.Connect4 or SamrOperation.Connect5 => Connect(call, output),
        SamrOperation.CloseHandle => CloseHandle(call, output),
        SamrOperation.QuerySecurityObject => QuerySecurity(call, output),
        SamrOperation.LookupDomain => _domains.Lookup(call, output),
        SamrOperation.EnumerateDomains => _domains.Enumerate(call, output),
        SamrOperation.OpenDomain => _domains.Open(call, output),
        SamrOperation.QueryInformationDomain or SamrOperation.QueryInformationDomain2 => _domains.Query(call, output),
        SamrOperation.GetUserDomainPasswordInformation => SamrDomains.PasswordOfUser(call, output),
        SamrOperation.GetDomainPasswordInformation => SamrDomains.PasswordOfAnybody(call, output, MayAsk(call.Caller)),
        SamrOperation.EnumerateUsers or SamrOperation.EnumerateGroups or SamrOperation.EnumerateAliases => _lists.Enumerate(call, output),
        SamrOperation.QueryDisplayInformation or SamrOperation.QueryDisplayInformation2 or SamrOperation.QueryDisplayInformation3 =>
            _lists.Display(call, output),
        SamrOperation.GetDisplayEnumerationIndex or SamrOperation.GetDisplayEnumerationIndex2 => _lists.DisplayIndex(call, output),
        SamrOperation.GetAliasMembership => _accounts.AliasesOf(call, output),
        SamrOperation.QueryInformationGroup => _accounts.QueryGroup(call, output),
        SamrOperation.GetMembersInGroup => _accounts.MembersOfGroup(call, output),
        SamrOperation.QueryInformationAlias => _accounts.QueryAlias(call, output),
        SamrOperation.GetMembersInAlias => _accounts.MembersOfAlias(call, output),
        SamrOperation.RidToSid => SamrDomains.SidOf(call, output, _host.MachineSid),
        _ => SamrRefusals.Refuse(call, output),
    };

    /// <summary>Guests count as anonymous.</summary>
    private bool MayAsk(RpcCaller caller) => caller.IsAdministrator || (!caller.IsAnonymous && !_host.OnlyAdministratorsSeeAccounts);

    /// <summary>SamrConnect, 2, 4 and 5 (MS-SAMR 3.1.5.1.1 to 3.1.5.1.4).</summary>
    private RpcStatus Connect(RpcCall call, NdrWriter output)
    {
        var operation = (SamrOperation)call.Opnum;
        var reader = call.ReadStub();

        // The first version's name is not a string but one character.
        if (operation != SamrOperation.Connect)
        {
            reader.ReadUniqueString();
        }
        else if (reader.ReadPointer())
        {
            reader.ReadUInt16();
        }

        if (operation == SamrOperation.Connect4)
        {
            reader.ReadUInt32();
        }

        var desired = reader.ReadUInt32();
        var isKnown = operation != SamrOperation.Connect5 || ReadRevision(ref reader);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var allowed = MayAsk(call.Caller) ? SamRights.Server.Allowed : 0;
        Guid? handle = null;
        var status = !isKnown ? NtStatus.NotSupported
            : SamRights.Server.Generic.Grant(desired, allowed) is not { } granted ? NtStatus.AccessDenied
            : (handle = call.Handles.Open(new SamServer(granted))) is null ? NtStatus.InsufficientResources
            : NtStatus.Success;

        // SAMPR_REVISION_INFO (MS-SAMR 2.2.7.15 and 2.2.7.16): version, discriminant; revision 3 without features.
        if (operation == SamrOperation.Connect5)
        {
            output.WriteUInt32(1);
            output.WriteUInt32(1);
            output.WriteUInt32(3);
            output.WriteUInt32(0);
        }

        RpcHandleScope.Write(output, handle ?? Guid.Empty);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>Version, discriminant, revision and features. False for another version than the only one.</summary>
    private static bool ReadRevision(ref NdrReader reader)
    {
        if (reader.ReadUInt32() != 1 | reader.ReadUInt32() != 1)
        {
            return false;
        }

        reader.ReadUInt32();
        reader.ReadUInt32();
        return true;
    }

    /// <summary>SamrCloseHandle (MS-SAMR 3.1.5.13.1).</summary>
    private static RpcStatus CloseHandle(RpcCall call, NdrWriter output) => RpcHandleScope.Close(call, output);

    /// <summary>SamrQuerySecurityObject (MS-SAMR 3.1.5.12.2): who may do what with an object of this kind.</summary>
    private RpcStatus QuerySecurity(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var target = SamObject.Find<SamObject>(call, ref reader);
        var wanted = (SecurityInformation)reader.ReadUInt32();
        if (reader.Failed || target is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        // The SACL takes ACCESS_SYSTEM_SECURITY, which nobody has.
        var status = (wanted & SecurityInformation.Sacl) != 0 ? NtStatus.AccessDenied : target.Demand(SamAccess.ReadControl);
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            var descriptor = Describe(target.Kind, wanted);
            output.WriteUInt32((uint)descriptor.Length);
            output.WritePointer();
            output.WriteUInt32((uint)descriptor.Length);
            output.WriteBytes(descriptor);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private byte[] Describe(SamRights kind, SecurityInformation wanted)
    {
        var readers = _host.OnlyAdministratorsSeeAccounts ? WellKnownSids.Administrators : WellKnownSids.AuthenticatedUsers;
        return new SecurityDescriptor
        {
            Owner = (wanted & SecurityInformation.Owner) != 0 ? WellKnownSids.Administrators : null,
            Group = (wanted & SecurityInformation.Group) != 0 ? WellKnownSids.Administrators : null,
            HasDacl = (wanted & SecurityInformation.Dacl) != 0,
            Dacl = (wanted & SecurityInformation.Dacl) != 0 ? new Acl([Ace.Allow(readers, (FileAccessMask)kind.Allowed)]) : null,
        }.ToArray();
    }
}
