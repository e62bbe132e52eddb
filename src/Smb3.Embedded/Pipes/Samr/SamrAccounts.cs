using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>Users, groups and local groups: opened, and asked about themselves and each other.</summary>
internal sealed class SamrAccounts(SamDatabase database)
{
    /// <summary>The most SIDs of one call (MS-SAMR 2.2.7.6).</summary>
    private const int MaxSids = 1024;

    /// <summary>GROUP_INFORMATION_CLASS and ALIAS_INFORMATION_CLASS (MS-SAMR 2.2.4.6 and 2.2.5.5).</summary>
    private enum GroupClass : ushort
    {
        General = 1,
        Name = 2,
        Attribute = 3,
        AdminComment = 4,
        Replication = 5,
    }

    private enum AliasClass : ushort
    {
        General = 1,
        Name = 2,
        AdminComment = 3,
    }

    /// <summary>SamrOpenUser, SamrOpenGroup and SamrOpenAlias (MS-SAMR 3.1.5.1.6 to 3.1.5.1.8).</summary>
    public async ValueTask<RpcStatus> OpenAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadOpen(call, out var domain, out var desired, out var rid) || domain is null)
        {
            return domain is null && rid is not null ? RpcStatus.ContextMismatch : RpcStatus.BadStubData;
        }

        var operation = (SamrOperation)call.Opnum;
        var (kind, use, missing) = operation switch
        {
            SamrOperation.OpenUser => (SamRights.User, SidNameUse.User, NtStatus.NoSuchUser),
            SamrOperation.OpenGroup => (SamRights.Group, SidNameUse.Group, NtStatus.NoSuchGroup),
            _ => (SamRights.Alias, SidNameUse.Alias, NtStatus.NoSuchAlias),
        };
        Guid? handle = null;
        var status = domain.Demand(SamAccess.DomainLookup);
        if (status == NtStatus.Success)
        {
            var account = await database.FindAsync(domain, rid!.Value, cancellation).ConfigureAwait(false);
            status = account?.Use != use ? missing
                : kind.Generic.Grant(desired, kind.Allowed) is not { } granted ? NtStatus.AccessDenied
                : (handle = call.Handles.Open(Object(operation, account, granted))) is null ? NtStatus.InsufficientResources
                : NtStatus.Success;
        }

        RpcHandleScope.Write(output, handle ?? Guid.Empty);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;

        static SamObject Object(SamrOperation operation, PipeAccount account, uint granted) => operation switch
        {
            SamrOperation.OpenUser => new SamUser(account, granted),
            SamrOperation.OpenGroup => new SamGroup(account, granted),
            _ => new SamAlias(account, granted),
        };
    }

    /// <summary>SamrQueryInformationUser and 2 (MS-SAMR 3.1.5.5.5 and 3.1.5.5.6).</summary>
    public async ValueTask<RpcStatus> QueryUserAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadTarget<SamUser>(call, hasClass: true, out var target, out var wanted, out var fault))
        {
            return fault;
        }

        var info = new SamUserInfo(wanted);
        var status = info.Check(target!);
        var user = status == NtStatus.Success ? await database.FindUserAsync(target!.Account, cancellation).ConfigureAwait(false) : null;
        status = status == NtStatus.Success && user is null ? NtStatus.NoSuchUser : status;
        output.WritePointer(user is not null);
        if (user is not null)
        {
            output.WriteUInt16(wanted);
            info.Write(output, target!, user, database.None.Sid.Rid ?? 0);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetGroupsForUser (MS-SAMR 3.1.5.9.1): those in the user's domain.</summary>
    public async ValueTask<RpcStatus> GroupsOfUserAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadTarget<SamUser>(call, hasClass: false, out var target, out _, out var fault))
        {
            return fault;
        }

        var status = target!.Demand(SamAccess.UserListGroups);
        var user = status == NtStatus.Success ? await database.FindUserAsync(target.Account, cancellation).ConfigureAwait(false) : null;
        status = status == NtStatus.Success && user is null ? NtStatus.NoSuchUser : status;

        // SAMPR_GET_GROUPS_BUFFER (MS-SAMR 2.2.7.13): count, pointer to an array of {relative identifier, attributes}.
        output.WritePointer(user is not null);
        if (user is not null)
        {
            PipeAccount[] groups = [.. database.GroupsOf(user)];
            output.WriteUInt32((uint)groups.Length);
            output.WritePointer();
            output.WriteUInt32((uint)groups.Length);
            foreach (var group in groups)
            {
                output.WriteUInt32(group.Sid.Rid ?? 0);
                output.WriteUInt32(SamWriting.GroupAttributes);
            }
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrQueryInformationGroup (MS-SAMR 3.1.5.5.3).</summary>
    public RpcStatus QueryGroup(RpcCall call, NdrWriter output)
    {
        if (!TryReadTarget<SamGroup>(call, hasClass: true, out var target, out var wanted, out var fault))
        {
            return fault;
        }

        var status = Enum.IsDefined((GroupClass)wanted) ? target!.Demand(SamAccess.GroupReadInformation) : NtStatus.InvalidInfoClass;
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            output.WriteUInt16(wanted);
            WriteGroup(output, (GroupClass)wanted, target!.Account.Name, (uint)database.MembersOf(target.Account).Count());
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrQueryInformationAlias (MS-SAMR 3.1.5.5.4).</summary>
    public RpcStatus QueryAlias(RpcCall call, NdrWriter output)
    {
        if (!TryReadTarget<SamAlias>(call, hasClass: true, out var target, out var wanted, out var fault))
        {
            return fault;
        }

        var status = Enum.IsDefined((AliasClass)wanted) ? target!.Demand(SamAccess.AliasReadInformation) : NtStatus.InvalidInfoClass;
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            output.WriteUInt16(wanted);
            WriteAlias(output, (AliasClass)wanted, target!.Account.Name, (uint)database.MembersOfAlias(target.Account).Count());
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetMembersInGroup (MS-SAMR 3.1.5.8.3).</summary>
    public RpcStatus MembersOfGroup(RpcCall call, NdrWriter output)
    {
        if (!TryReadTarget<SamGroup>(call, hasClass: false, out var target, out _, out var fault))
        {
            return fault;
        }

        // SAMPR_GET_MEMBERS_BUFFER (MS-SAMR 2.2.7.14): count, pointers to the relative identifiers and to the attributes.
        var status = target!.Demand(SamAccess.GroupListMembers);
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            uint[] members = [.. database.MembersOf(target.Account).Select(user => user.Account.Sid.Rid ?? 0)];
            output.WriteUInt32((uint)members.Length);
            output.WritePointer(members.Length > 0);
            output.WritePointer(members.Length > 0);
            output.WriteNumberArray(members);
            output.WriteNumberArray(Array.ConvertAll(members, _ => SamWriting.GroupAttributes));
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetMembersInAlias (MS-SAMR 3.1.5.8.4).</summary>
    public RpcStatus MembersOfAlias(RpcCall call, NdrWriter output)
    {
        if (!TryReadTarget<SamAlias>(call, hasClass: false, out var target, out _, out var fault))
        {
            return fault;
        }

        // SAMPR_PSID_ARRAY_OUT (MS-SAMR 2.2.7.7): count, pointer to an array of pointers.
        var status = target!.Demand(SamAccess.AliasListMembers);
        Sid[] members = status == NtStatus.Success ? [.. database.MembersOfAlias(target.Account)] : [];
        output.WriteUInt32((uint)members.Length);
        output.WritePointer(members.Length > 0);
        if (members.Length > 0)
        {
            output.WriteUInt32((uint)members.Length);
            foreach (var _ in members)
            {
                output.WritePointer();
            }

            foreach (var member in members)
            {
                output.WriteSid(member);
            }
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetAliasMembership (MS-SAMR 3.1.5.9.2): the local groups that any of some SIDs is a member of.</summary>
    public RpcStatus AliasesOf(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var domain = SamObject.Find<SamDomain>(call, ref reader);
        var sids = ReadSids(ref reader);
        if (reader.Failed || domain is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = domain.Demand(SamAccess.DomainGetAliasMembership);
        uint[] aliases = status == NtStatus.Success
            ? [.. SamDatabase.Aliases(domain).Where(alias => database.MembersOfAlias(alias).Any(sids.Contains)).Select(alias => alias.Sid.Rid ?? 0)]
            : [];
        output.WriteNumbers(aliases);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SAMPR_PSID_ARRAY (MS-SAMR 2.2.7.6): count, pointer to an array of pointers to SIDs, none of them null.</summary>
    private static HashSet<Sid> ReadSids(ref NdrReader reader)
    {
        var sids = new HashSet<Sid>();
        var count = reader.ReadCount(MaxSids, 4);
        if (!reader.ReadPointer())
        {
            if (count > 0)
            {
                reader.Fail();
            }

            return sids;
        }

        if (reader.ReadUInt32() != (uint)count)
        {
            reader.Fail();
        }

        for (var i = 0; i < count; i++)
        {
            if (!reader.ReadPointer())
            {
                reader.Fail();
            }
        }

        for (var i = 0; i < count && reader.ReadSid() is { } sid; i++)
        {
            sids.Add(sid);
        }

        return sids;
    }

    private static bool TryReadOpen(RpcCall call, out SamDomain? domain, out uint desired, out uint? rid)
    {
        var reader = call.ReadStub();
        domain = SamObject.Find<SamDomain>(call, ref reader);
        desired = reader.ReadUInt32();
        var number = reader.ReadUInt32();
        rid = reader.Failed ? null : number;
        return rid is not null;
    }

    /// <summary>Reads the handle, and the information class that follows where there is one.</summary>
    private static bool TryReadTarget<T>(RpcCall call, bool hasClass, out T? target, out ushort wanted, out RpcStatus fault)
        where T : SamObject
    {
        var reader = call.ReadStub();
        target = SamObject.Find<T>(call, ref reader);
        wanted = hasClass ? reader.ReadUInt16() : (ushort)0;
        fault = reader.Failed ? RpcStatus.BadStubData : target is null ? RpcStatus.ContextMismatch : RpcStatus.Ok;
        return fault == RpcStatus.Ok;
    }

    /// <summary>SAMPR_GROUP_INFO_BUFFER (MS-SAMR 2.2.4.7).</summary>
    private static void WriteGroup(NdrWriter output, GroupClass wanted, string name, uint members)
    {
        switch (wanted)
        {
            case GroupClass.Attribute:
                output.WriteUInt32(SamWriting.GroupAttributes);
                break;
            case GroupClass.Name:
                output.WriteUnicodeString(name);
                output.WriteUnicodeStringBuffer(name);
                break;
            case GroupClass.AdminComment:
                output.WriteUnicodeString("");
                break;
            default:
                // The replication class is told the number of members as zero, which saves counting them (MS-SAMR 3.1.5.5.3).
                output.WriteUnicodeString(name);
                output.WriteUInt32(SamWriting.GroupAttributes);
                output.WriteUInt32(wanted == GroupClass.Replication ? 0 : members);
                output.WriteUnicodeString("");
                output.WriteUnicodeStringBuffer(name);
                break;
        }
    }

    /// <summary>SAMPR_ALIAS_INFO_BUFFER (MS-SAMR 2.2.5.6).</summary>
    private static void WriteAlias(NdrWriter output, AliasClass wanted, string name, uint members)
    {
        switch (wanted)
        {
            case AliasClass.General:
                output.WriteUnicodeString(name);
                output.WriteUInt32(members);
                output.WriteUnicodeString("");
                output.WriteUnicodeStringBuffer(name);
                break;
            case AliasClass.Name:
                output.WriteUnicodeString(name);
                output.WriteUnicodeStringBuffer(name);
                break;
            default:
                output.WriteUnicodeString("");
                break;
        }
    }
}
