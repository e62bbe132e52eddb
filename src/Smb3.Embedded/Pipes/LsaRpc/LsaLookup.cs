using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>How the versions of one lookup differ: what a translated entry holds.</summary>
internal enum LsaLookupVersion
{
    /// <summary>LsarLookupSids, LsarLookupNames.</summary>
    First = 1,

    /// <summary>LsarLookupSids2, LsarLookupNames2: entries have flags.</summary>
    Second = 2,

    /// <summary>LsarLookupNames3: entries have whole SIDs and flags.</summary>
    Third = 3,
}

/// <summary>The translation of SIDs and names (MS-LSAT 3.1.4).</summary>
internal sealed class LsaLookup(IPipeHost host)
{
    /// <summary>The most SIDs of one call (MS-LSAT 2.2.18, range of Entries).</summary>
    internal const int MaxSids = 20480;

    /// <summary>The most names of one call (MS-LSAT 3.1.4.5, range of Count).</summary>
    internal const int MaxNames = 1000;

    private readonly AccountResolver _resolver = new(host);

    /// <summary>LsarLookupSids and 2 (MS-LSAT 3.1.4.10 and 3.1.4.11).</summary>
    public async ValueTask<RpcStatus> SidsAsync(RpcCall call, LsaLookupVersion version, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadSids(call, version, out var sids, out var fault, out var status))
        {
            return fault;
        }

        var accounts = new PipeAccount?[sids.Length];
        for (var i = 0; i < sids.Length && status == NtStatus.Success; i++)
        {
            accounts[i] = await _resolver.FindAsync(sids[i], cancellation).ConfigureAwait(false);
        }

        // A name that was not found is the SID's text, so that the client has something to show.
        var names = accounts.Select((account, i) => account?.Name ?? sids[i].ToString()).ToArray();
        var indexes = BeginAnswer(output, status, accounts);
        foreach (var (account, index, name) in Entries(accounts, indexes, names))
        {
            output.Align(4);
            output.WriteUInt16((ushort)(account?.Use ?? SidNameUse.Unknown));
            output.WriteUnicodeString(name);
            output.WriteInt32(index);
            if (version != LsaLookupVersion.First)
            {
                output.WriteUInt32(0);
            }
        }

        if (indexes.Length > 0)
        {
            foreach (var name in names)
            {
                output.WriteUnicodeStringBuffer(name);
            }
        }

        EndAnswer(output, status, accounts);
        return RpcStatus.Ok;
    }

    /// <summary>LsarLookupNames, 2 and 3 (MS-LSAT 3.1.4.6 to 3.1.4.8).</summary>
    public async ValueTask<RpcStatus> NamesAsync(RpcCall call, LsaLookupVersion version, NdrWriter output, CancellationToken cancellation)
    {
        if (!TryReadNames(call, version, out var names, out var fault, out var status))
        {
            return fault;
        }

        var accounts = new PipeAccount?[names.Length];
        for (var i = 0; i < names.Length && status == NtStatus.Success; i++)
        {
            accounts[i] = await _resolver.FindAsync(names[i], cancellation).ConfigureAwait(false);
        }

        var indexes = BeginAnswer(output, status, accounts);
        var hasSid = version >= LsaLookupVersion.Third;
        foreach (var (account, index, _) in Entries(accounts, indexes, names))
        {
            output.Align(4);
            output.WriteUInt16((ushort)(account?.Use ?? SidNameUse.Unknown));
            output.Align(4);
            if (hasSid)
            {
                output.WritePointer(account is not null);
            }
            else
            {
                output.WriteUInt32(Rid(account));
            }

            output.WriteInt32(index);
            if (version != LsaLookupVersion.First)
            {
                output.WriteUInt32(0);
            }
        }

        foreach (var account in accounts)
        {
            if (hasSid && indexes.Length > 0 && account is not null)
            {
                output.WriteSid(account.Sid);
            }
        }

        EndAnswer(output, status, accounts);
        return RpcStatus.Ok;
    }

    // A domain is not an account of itself (MS-LSAT 2.2.14).
    private static uint Rid(PipeAccount? account) => account switch
    {
        null => 0,
        { Use: SidNameUse.Domain } => uint.MaxValue,
        _ => account.Sid.Rid ?? 0,
    };

    private static IEnumerable<(PipeAccount? Account, int Index, string Name)> Entries(
        PipeAccount?[] accounts, int[] indexes, string[] names) =>
        indexes.Select((index, i) => (accounts[i], index, names[i]));

    /// <summary>
    /// Writes what comes before the entries; returns the domain index of each, or nothing when there are to be no entries.
    /// </summary>
    private static int[] BeginAnswer(NdrWriter output, NtStatus status, PipeAccount?[] accounts)
    {
        var count = status == NtStatus.Success ? accounts.Length : 0;
        if (status == NtStatus.Success)
        {
            var domains = new ReferencedDomains();
            var indexes = Array.ConvertAll(accounts, domains.IndexOf);
            domains.Write(output);
            output.WriteUInt32((uint)count);
            output.WritePointer(count > 0);
            if (count > 0)
            {
                output.WriteUInt32((uint)count);
            }

            return indexes;
        }

        output.WriteNull();
        output.WriteUInt32(0);
        output.WriteNull();
        return [];
    }

    private static void EndAnswer(NdrWriter output, NtStatus status, PipeAccount?[] accounts)
    {
        var mapped = accounts.Count(account => account is not null);
        if (status == NtStatus.Success && mapped < accounts.Length)
        {
            status = mapped == 0 ? NtStatus.NoneMapped : NtStatus.SomeNotMapped;
        }

        output.WriteUInt32((uint)mapped);
        output.WriteUInt32((uint)status);
    }

    private static bool TryReadSids(
        RpcCall call, LsaLookupVersion version, out Sid[] sids, out RpcStatus fault, out NtStatus status)
    {
        sids = [];
        status = NtStatus.Success;
        var reader = call.ReadStub();
        if (!TryAuthorize(call, ref reader, out fault, ref status))
        {
            return false;
        }

        // LSAPR_SID_ENUM_BUFFER: count, pointer to an array of pointers to SIDs.
        var entries = reader.ReadCount(MaxSids, 4);
        if (reader.ReadPointer())
        {
            if (reader.ReadUInt32() != (uint)entries)
            {
                reader.Fail();
            }

            for (var i = 0; i < entries; i++)
            {
                if (!reader.ReadPointer())
                {
                    reader.Fail();
                }
            }

            var read = new List<Sid>();
            for (var i = 0; i < entries && reader.ReadSid() is { } sid; i++)
            {
                read.Add(sid);
            }

            sids = [.. read];
        }
        else if (entries > 0)
        {
            reader.Fail();
        }

        ReadTail(ref reader, version, ref status);
        fault = RpcStatus.BadStubData;
        return !reader.Failed;
    }

    private static bool TryReadNames(
        RpcCall call, LsaLookupVersion version, out string[] names, out RpcStatus fault, out NtStatus status)
    {
        names = [];
        status = NtStatus.Success;
        var reader = call.ReadStub();
        if (!TryAuthorize(call, ref reader, out fault, ref status))
        {
            return false;
        }

        var count = reader.ReadCount(MaxNames, 8);
        if (reader.ReadUInt32() != (uint)count)
        {
            reader.Fail();
        }

        var inline = new NdrUnicodeString[count];
        for (var i = 0; i < count; i++)
        {
            inline[i] = reader.ReadUnicodeString();
        }

        names = new string[count];
        for (var i = 0; i < count; i++)
        {
            names[i] = reader.ReadUnicodeStringBuffer(inline[i]) ?? "";
        }

        ReadTail(ref reader, version, ref status);
        fault = RpcStatus.BadStubData;
        return !reader.Failed;
    }

    private static bool TryAuthorize(RpcCall call, ref NdrReader reader, out RpcStatus fault, ref NtStatus status)
    {
        fault = RpcStatus.Ok;
        var id = RpcHandleScope.Read(ref reader);
        if (reader.Failed)
        {
            fault = RpcStatus.BadStubData;
        }
        else if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            fault = RpcStatus.ContextMismatch;
        }
        else if (!policy.Granted.HasFlag(PolicyAccess.LookupNames))
        {
            status = NtStatus.AccessDenied;
        }

        return fault == RpcStatus.Ok;
    }

    /// <summary>
    /// The array that the server is to fill, which clients send empty; lookup level (1 to 7, MS-LSAT 2.2.16), mapped count, and
    /// from the second version on options and client revision, which change nothing for a server without a domain.
    /// </summary>
    private static void ReadTail(ref NdrReader reader, LsaLookupVersion version, ref NtStatus status)
    {
        reader.ReadUInt32();
        if (reader.ReadPointer() && reader.ReadUInt32() != 0)
        {
            reader.Fail();
        }

        if (reader.ReadUInt16() is < 1 or > 7 && status == NtStatus.Success)
        {
            status = NtStatus.InvalidParameter;
        }

        reader.ReadUInt32();
        if (version == LsaLookupVersion.First)
        {
            return;
        }

        reader.ReadUInt32();
        reader.ReadUInt32();
    }
}
