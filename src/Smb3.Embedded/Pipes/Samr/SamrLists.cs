using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>The accounts of a domain: listed, and translated between names and relative identifiers.</summary>
internal sealed class SamrLists(SamDatabase database)
{
    /// <summary>The most names or identifiers of one call (MS-SAMR 3.1.5.11.2 and 3.1.5.11.3).</summary>
    private const int MaxAsked = 1000;

    /// <summary>SamrEnumerateUsersInDomain, GroupsInDomain and AliasesInDomain (MS-SAMR 3.1.5.2.2 to 3.1.5.2.5).</summary>
    public RpcStatus Enumerate(RpcCall call, NdrWriter output)
    {
        var operation = (SamrOperation)call.Opnum;
        var reader = call.ReadStub();
        var domain = SamObject.Find<SamDomain>(call, ref reader);
        var context = reader.ReadUInt32();
        var control = operation == SamrOperation.EnumerateUsers ? reader.ReadUInt32() : 0;
        var request = new SamEnumeration(context, reader.ReadUInt32());
        if (reader.Failed || domain is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = domain.Demand(SamAccess.DomainListAccounts);
        var accounts = status != NtStatus.Success ? []
            : operation switch
            {
                SamrOperation.EnumerateGroups => database.Groups(domain),
                SamrOperation.EnumerateAliases => SamDatabase.Aliases(domain),

                // With a control, those users that have any of its bits.
                _ => database.Users(domain).Where(user => control == 0 || (SamUserInfo.ControlOf(user) & control) != 0).Select(user => user.Account),
            };
        request.Answer(output, status, [.. accounts.Select(account => Entry(account))]);
        return RpcStatus.Ok;

        static SamEntry Entry(PipeAccount account) => new(account.Sid.Rid ?? 0, account.Sid.Rid ?? 0, account.Name);
    }

    /// <summary>SamrLookupNamesInDomain (MS-SAMR 3.1.5.11.2).</summary>
    public async ValueTask<RpcStatus> NamesAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadNames(call, out var domain, out var names) || domain is null)
        {
            return names is null ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = domain.Demand(SamAccess.DomainLookup);
        var found = status == NtStatus.Success ? await database.FindAsync(domain, names!, cancellation).ConfigureAwait(false) : [];
        output.WriteNumbers(Array.ConvertAll(found, account => account?.Sid.Rid ?? 0));
        output.WriteNumbers(Array.ConvertAll(found, UseOf));
        output.WriteUInt32((uint)(status == NtStatus.Success ? Mapped(found) : status));
        return RpcStatus.Ok;
    }

    /// <summary>SamrLookupIdsInDomain (MS-SAMR 3.1.5.11.3).</summary>
    public async ValueTask<RpcStatus> IdsAsync(RpcCall call, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadIds(call, out var domain, out var ids) || domain is null)
        {
            return ids is null ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = domain.Demand(SamAccess.DomainLookup);
        var found = new PipeAccount?[status == NtStatus.Success ? ids!.Length : 0];
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = await database.FindAsync(domain, ids![i], cancellation).ConfigureAwait(false);
        }

        var names = Array.ConvertAll(found, account => account?.Name ?? "");
        output.WriteUInt32((uint)names.Length);
        output.WritePointer(names.Length > 0);
        if (names.Length > 0)
        {
            output.WriteUInt32((uint)names.Length);
            output.WriteUnicodeStrings(names);
            output.WriteUnicodeStringBuffers(names);
        }

        output.WriteNumbers(Array.ConvertAll(found, UseOf));
        output.WriteUInt32((uint)(status == NtStatus.Success ? Mapped(found) : status));
        return RpcStatus.Ok;
    }

    /// <summary>SamrQueryDisplayInformation, 2 and 3 (MS-SAMR 3.1.5.3.1 to 3.1.5.3.3).</summary>
    public RpcStatus Display(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var domain = SamObject.Find<SamDomain>(call, ref reader);
        var list = new SamDisplayList(reader.ReadUInt16());
        var from = reader.ReadUInt32();
        var count = reader.ReadUInt32();
        var length = reader.ReadUInt32();
        if (reader.Failed || domain is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = list.IsKnown ? domain.Demand(SamAccess.DomainListAccounts) : NtStatus.InvalidInfoClass;
        list.Write(output, status, status == NtStatus.Success ? list.Entries(database, domain) : [], from, count, length);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetDisplayEnumerationIndex and 2 (MS-SAMR 3.1.5.3.4 and 3.1.5.3.5): where names begin that are no less than a prefix.</summary>
    public RpcStatus DisplayIndex(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var domain = SamObject.Find<SamDomain>(call, ref reader);
        var list = new SamDisplayList(reader.ReadUInt16());
        var prefix = reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        if (reader.Failed || domain is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = list.IsKnown ? domain.Demand(SamAccess.DomainListAccounts) : NtStatus.InvalidInfoClass;
        var index = -1;
        if (status == NtStatus.Success)
        {
            index = list.Entries(database, domain).FindIndex(entry => StringComparer.OrdinalIgnoreCase.Compare(entry.Name, prefix) >= 0);
            status = index < 0 ? NtStatus.NoMoreEntries : NtStatus.Success;
        }

        output.WriteUInt32((uint)Math.Max(0, index));
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private static uint UseOf(PipeAccount? account) => (uint)(account?.Use ?? SidNameUse.Unknown);

    private static NtStatus Mapped(PipeAccount?[] found) => found.Count(account => account is not null) switch
    {
        var mapped when mapped == found.Length => NtStatus.Success,
        0 => NtStatus.NoneMapped,
        _ => NtStatus.SomeNotMapped,
    };

    private static bool TryReadNames(RpcCall call, out SamDomain? domain, out string[]? names)
    {
        var reader = call.ReadStub();
        domain = SamObject.Find<SamDomain>(call, ref reader);
        var inline = new NdrUnicodeString[ReadVaryingCount(ref reader, 8)];
        for (var i = 0; i < inline.Length; i++)
        {
            inline[i] = reader.ReadUnicodeString();
        }

        names = new string[inline.Length];
        for (var i = 0; i < inline.Length; i++)
        {
            names[i] = reader.ReadUnicodeStringBuffer(inline[i]) ?? "";
        }

        names = reader.Failed ? null : names;
        return names is not null;
    }

    private static bool TryReadIds(RpcCall call, out SamDomain? domain, out uint[]? ids)
    {
        var reader = call.ReadStub();
        domain = SamObject.Find<SamDomain>(call, ref reader);
        ids = new uint[ReadVaryingCount(ref reader, 4)];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = reader.ReadUInt32();
        }

        ids = reader.Failed ? null : ids;
        return ids is not null;
    }

    /// <summary>A count, and the head of an array [size_is(1000), length_is(count)]: room, offset, and the count again.</summary>
    private static int ReadVaryingCount(ref NdrReader reader, int elementSize)
    {
        var count = reader.ReadUInt32();
        var room = reader.ReadUInt32();
        var offset = reader.ReadUInt32();
        var actual = reader.ReadCount(MaxAsked, elementSize);
        if (room != MaxAsked || offset != 0 || actual != count)
        {
            reader.Fail();
        }

        return reader.Failed ? 0 : actual;
    }
}
