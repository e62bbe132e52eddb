using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>
/// The Local Security Authority (MS-LSAD, MS-LSAT), as far as clients ask a file server for it: names for SIDs and SIDs for names, so that
/// a security page can show whom an entry is for; which domain this is; and which privileges there are.
/// </summary>
internal sealed class LsaRpcInterface(IPipeHost host) : IRpcInterface
{
    private readonly LsaLookup _lookup = new(host);

    private enum Operation : ushort
    {
        Close = 0,
        EnumeratePrivileges = 2,
        OpenPolicy = 6,
        QueryInformationPolicy = 7,
        EnumerateAccounts = 11,
        EnumerateTrustedDomains = 13,
        LookupNames = 14,
        LookupSids = 15,
        LookupPrivilegeValue = 31,
        LookupPrivilegeName = 32,
        LookupPrivilegeDisplayName = 33,
        EnumerateAccountRights = 36,
        OpenPolicy2 = 44,
        GetUserName = 45,
        QueryInformationPolicy2 = 46,
        EnumerateTrustedDomainsEx = 50,
        LookupSids2 = 57,
        LookupNames2 = 58,
        LookupNames3 = 68,
        LookupSids3 = 76,
        LookupNames4 = 77,
        OpenPolicy3 = 130,
    }

    /// <summary>POLICY_INFORMATION_CLASS (MS-LSAD 2.2.4.1).</summary>
    private enum PolicyClass : ushort
    {
        PrimaryDomain = 3,
        AccountDomain = 5,
        DnsDomain = 12,
    }

    public RpcSyntax Syntax => new(new Guid("12345778-1234-abcd-ef00-0123456789ab"), 0, 0);

    public ValueTask<RpcStatus> InvokeAsync(RpcCall call, NdrWriter output, CancellationToken cancellation) =>
        (Operation)call.Opnum switch
        {
            Operation.OpenPolicy or Operation.OpenPolicy2 or Operation.OpenPolicy3 => ValueTask.FromResult(OpenPolicy(call, output)),
            Operation.Close => ValueTask.FromResult(Close(call, output)),
            Operation.QueryInformationPolicy or Operation.QueryInformationPolicy2 => ValueTask.FromResult(QueryPolicy(call, output)),
            Operation.EnumerateTrustedDomains or Operation.EnumerateTrustedDomainsEx => ValueTask.FromResult(TrustedDomains(call, output)),
            Operation.EnumeratePrivileges => ValueTask.FromResult(LsaPrivileges.Enumerate(call, output)),
            Operation.EnumerateAccounts => ValueTask.FromResult(LsaPrivileges.EnumerateAccounts(call, output)),
            Operation.EnumerateAccountRights => ValueTask.FromResult(LsaPrivileges.EnumerateRights(call, output)),
            Operation.LookupPrivilegeValue => ValueTask.FromResult(LsaPrivileges.LookupValue(call, output)),
            Operation.LookupPrivilegeName => ValueTask.FromResult(LsaPrivileges.LookupName(call, output)),
            Operation.LookupPrivilegeDisplayName => ValueTask.FromResult(LsaPrivileges.LookupDisplayName(call, output)),
            Operation.GetUserName => ValueTask.FromResult(GetUserName(call, output)),
            Operation.LookupSids => _lookup.SidsAsync(call, LsaLookupVersion.First, output, cancellation),
            Operation.LookupSids2 => _lookup.SidsAsync(call, LsaLookupVersion.Second, output, cancellation),
            Operation.LookupNames => _lookup.NamesAsync(call, LsaLookupVersion.First, output, cancellation),
            Operation.LookupNames2 => _lookup.NamesAsync(call, LsaLookupVersion.Second, output, cancellation),
            Operation.LookupNames3 => _lookup.NamesAsync(call, LsaLookupVersion.Third, output, cancellation),

            // MS-LSAT 3.1.4.5 and 3.1.4.9: for domain controllers, over TCP, authenticated by netlogon. No caller gets here that way.
            Operation.LookupSids3 or Operation.LookupNames4 => ValueTask.FromResult(RpcStatus.AccessDenied),
            _ => ValueTask.FromResult(RpcStatus.OperationRangeError),
        };

    /// <summary>LsarOpenPolicy, 2 and 3 (MS-LSAD 3.1.4.4.1, 3.1.4.4.2 and 3.1.4.4.9).</summary>
    private static RpcStatus OpenPolicy(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();

        // The first version's SystemName is not a string but one character.
        if ((Operation)call.Opnum != Operation.OpenPolicy)
        {
            reader.ReadUniqueString();
        }
        else if (reader.ReadPointer())
        {
            reader.ReadUInt16();
        }

        var isPlain = ReadObjectAttributes(ref reader);
        var desired = (PolicyAccess)reader.ReadUInt32();
        var isVersion3 = (Operation)call.Opnum == Operation.OpenPolicy3;
        if (isVersion3 && !ReadRevision(ref reader))
        {
            isPlain = false;
        }

        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var status = NtStatus.Success;
        Guid? handle = null;
        if (!isPlain)
        {
            status = NtStatus.InvalidParameter;
        }
        else if (LsaPolicy.Open(desired, call.Caller) is not { } policy)
        {
            status = NtStatus.AccessDenied;
        }
        else if ((handle = call.Handles.Open(policy)) is null)
        {
            status = NtStatus.InsufficientResources;
        }

        // LSAPR_REVISION_INFO_V1 (MS-LSAD 2.2.2.7): version, discriminant, revision 1, no optional features.
        if (isVersion3)
        {
            output.WriteUInt32(1);
            output.WriteUInt32(1);
            output.WriteUInt32(1);
            output.WriteUInt32(0);
        }

        RpcHandleScope.Write(output, handle ?? Guid.Empty);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LSAPR_REVISION_INFO (MS-LSAD 2.2.2.7): version, discriminant; of the only version revision and features. False for another.</summary>
    private static bool ReadRevision(ref NdrReader reader)
    {
        var isKnown = reader.ReadUInt32() == 1 & reader.ReadUInt32() == 1;
        if (isKnown)
        {
            reader.ReadUInt32();
            reader.ReadUInt32();
        }

        return isKnown;
    }

    /// <summary>
    /// LSAPR_OBJECT_ATTRIBUTES (MS-LSAD 2.2.2.4), of which only the root directory is looked at, and that must be null. False as well when
    /// it holds anything else that no client sends.
    /// </summary>
    private static bool ReadObjectAttributes(ref NdrReader reader)
    {
        reader.ReadUInt32();
        var hasRoot = reader.ReadPointer();
        var hasName = reader.ReadPointer();
        reader.ReadUInt32();
        var hasSecurity = reader.ReadPointer();
        var hasQuality = reader.ReadPointer();
        if (hasRoot || hasName || hasSecurity)
        {
            return false;
        }

        if (hasQuality)
        {
            // SECURITY_QUALITY_OF_SERVICE: length (4), impersonation level (2), tracking mode and effective-only (1 each).
            reader.ReadUInt32();
            reader.ReadUInt16();
            reader.ReadByte();
            reader.ReadByte();
        }

        return true;
    }

    /// <summary>LsarClose (MS-LSAD 3.1.4.3).</summary>
    private static RpcStatus Close(RpcCall call, NdrWriter output) => RpcHandleScope.Close(call, output);

    /// <summary>LsarQueryInformationPolicy and 2 (MS-LSAD 3.1.4.4.3 and 3.1.4.4.4) of a server in a workgroup.</summary>
    private RpcStatus QueryPolicy(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var wanted = (PolicyClass)reader.ReadUInt16();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            return RpcStatus.ContextMismatch;
        }

        var status = !Enum.IsDefined(wanted) ? NtStatus.InvalidParameter
            : !policy.Granted.HasFlag(PolicyAccess.ViewLocalInformation) ? NtStatus.AccessDenied
            : NtStatus.Success;
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            output.WriteUInt16((ushort)wanted);
            WritePolicy(output, wanted);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private void WritePolicy(NdrWriter output, PolicyClass wanted)
    {
        var name = wanted == PolicyClass.AccountDomain ? host.ServerName : host.DomainName;
        output.WriteUnicodeString(name);
        if (wanted == PolicyClass.DnsDomain)
        {
            output.WriteUnicodeString("");
            output.WriteUnicodeString("");
            output.WriteGuid(Guid.Empty);
        }

        output.WritePointer(wanted == PolicyClass.AccountDomain);
        output.WriteUnicodeStringBuffer(name);
        if (wanted == PolicyClass.AccountDomain)
        {
            output.WriteSid(host.MachineSid);
        }
    }

    /// <summary>LsarEnumerateTrustedDomains and Ex (MS-LSAD 3.1.4.7.8 and 3.1.4.7.9): there are none.</summary>
    private static RpcStatus TrustedDomains(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var context = reader.ReadUInt32();
        reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            return RpcStatus.ContextMismatch;
        }

        output.WriteUInt32(context);
        output.WriteUInt32(0);
        output.WriteNull();
        var mayLook = policy.Granted.HasFlag(PolicyAccess.ViewLocalInformation);
        output.WriteUInt32((uint)(mayLook ? NtStatus.NoMoreEntries : NtStatus.AccessDenied));
        return RpcStatus.Ok;
    }

    /// <summary>LsarGetUserName (MS-LSAT 3.1.4.4): the caller; the domain only when asked for.</summary>
    private static RpcStatus GetUserName(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        reader.ReadUniqueString();
        SkipString(ref reader);
        var wantsDomain = reader.ReadPointer();
        if (wantsDomain)
        {
            SkipString(ref reader);
        }

        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        var caller = call.Caller;
        var (domain, user) = caller.IsAnonymous ? ("NT AUTHORITY", "ANONYMOUS LOGON") : (caller.DomainName, caller.UserName);
        WriteString(output, user);
        output.WritePointer(wantsDomain);
        if (wantsDomain)
        {
            WriteString(output, domain);
        }

        output.WriteUInt32((uint)NtStatus.Success);
        return RpcStatus.Ok;
    }

    private static void SkipString(ref NdrReader reader)
    {
        if (reader.ReadPointer())
        {
            reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        }
    }

    private static void WriteString(NdrWriter output, string value)
    {
        output.WritePointer();
        output.WriteUnicodeString(value);
        output.WriteUnicodeStringBuffer(value);
    }
}
