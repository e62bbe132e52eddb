using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>The domains: looked up, listed, opened and asked about themselves.</summary>
internal sealed class SamrDomains(IPipeHost host, SamDatabase database)
{
    /// <summary>A password is not empty; there is no other rule that the server knows of.</summary>
    private const ushort MinPasswordLength = 1;

    /// <summary>How long ago "never" is, as an interval: DOMAIN_PASSWORD_INFORMATION (MS-SAMR 2.2.3.5) has intervals as negative numbers.</summary>
    private const long NoInterval = long.MinValue;

    /// <summary>DOMAIN_INFORMATION_CLASS (MS-SAMR 2.2.3.16).</summary>
    private enum DomainClass : ushort
    {
        Password = 1,
        General = 2,
        Logoff = 3,
        Oem = 4,
        Name = 5,
        Replication = 6,
        ServerRole = 7,
        Modified = 8,
        State = 9,
        General2 = 11,
        Lockout = 12,
        Modified2 = 13,
    }

    /// <summary>SamrLookupDomainInSamServer (MS-SAMR 3.1.5.11.1).</summary>
    public RpcStatus Lookup(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var server = SamObject.Find<SamServer>(call, ref reader);
        var name = reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        if (reader.Failed || server is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = server.Demand(SamAccess.ServerLookupDomain);
        var found = status == NtStatus.Success
            ? database.Domains.FirstOrDefault(domain => domain.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Sid : null;
        output.WriteSidPointer(found);
        output.WriteUInt32((uint)(status == NtStatus.Success && found is null ? NtStatus.NoSuchDomain : status));
        return RpcStatus.Ok;
    }

    /// <summary>SamrEnumerateDomainsInSamServer (MS-SAMR 3.1.5.2.1).</summary>
    public RpcStatus Enumerate(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var server = SamObject.Find<SamServer>(call, ref reader);
        var request = new SamEnumeration(reader.ReadUInt32(), reader.ReadUInt32());
        if (reader.Failed || server is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        // Domains have no relative identifiers.
        var status = server.Demand(SamAccess.ServerEnumerateDomains);
        request.Answer(output, status, [.. database.Domains.Select((domain, i) => new SamEntry((uint)i + 1, 0, domain.Name))]);
        return RpcStatus.Ok;
    }

    /// <summary>SamrOpenDomain (MS-SAMR 3.1.5.1.5).</summary>
    public RpcStatus Open(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var server = SamObject.Find<SamServer>(call, ref reader);
        var desired = reader.ReadUInt32();
        var sid = reader.ReadSid();
        if (reader.Failed || server is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        Guid? handle = null;
        var (name, found) = database.Domains.FirstOrDefault(domain => domain.Sid == sid);
        var status = server.Demand(SamAccess.ServerLookupDomain);
        if (status == NtStatus.Success)
        {
            status = found is null ? NtStatus.NoSuchDomain
                : SamRights.Domain.Generic.Grant(desired, SamRights.Domain.Allowed) is not { } granted ? NtStatus.AccessDenied
                : (handle = call.Handles.Open(new SamDomain(name, found, granted))) is null ? NtStatus.InsufficientResources
                : NtStatus.Success;
        }

        RpcHandleScope.Write(output, handle ?? Guid.Empty);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrQueryInformationDomain and 2 (MS-SAMR 3.1.5.5.1 and 3.1.5.5.2).</summary>
    public RpcStatus Query(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var domain = SamObject.Find<SamDomain>(call, ref reader);
        var wanted = (DomainClass)reader.ReadUInt16();
        if (reader.Failed || domain is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var status = Enum.IsDefined(wanted) ? domain.Demand(RightsFor(wanted)) : NtStatus.InvalidInfoClass;
        output.WritePointer(status == NtStatus.Success);
        if (status == NtStatus.Success)
        {
            output.WriteUInt16((ushort)wanted);
            Write(output, wanted, domain);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>SamrGetUserDomainPasswordInformation (MS-SAMR 3.1.5.13.4).</summary>
    public static RpcStatus PasswordOfUser(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var user = SamObject.Find<SamUser>(call, ref reader);
        if (reader.Failed || user is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        return WritePasswordRules(output, NtStatus.Success);
    }

    /// <summary>SamrGetDomainPasswordInformation (MS-SAMR 3.1.5.13.3), which takes no handle.</summary>
    public static RpcStatus PasswordOfAnybody(RpcCall call, NdrWriter output, bool mayAsk)
    {
        var reader = call.ReadStub();
        if (reader.ReadPointer())
        {
            reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        }

        return reader.Failed ? RpcStatus.BadStubData : WritePasswordRules(output, mayAsk ? NtStatus.Success : NtStatus.AccessDenied);
    }

    /// <summary>SamrRidToSid (MS-SAMR 3.1.5.13.2): in the domain of the object.</summary>
    public static RpcStatus SidOf(RpcCall call, NdrWriter output, Sid machine)
    {
        var reader = call.ReadStub();
        var target = SamObject.Find<SamObject>(call, ref reader);
        var rid = reader.ReadUInt32();
        if (reader.Failed || target is null)
        {
            return reader.Failed ? RpcStatus.BadStubData : RpcStatus.ContextMismatch;
        }

        var domain = target switch
        {
            SamDomain one => one.Sid,
            SamAlias => WellKnownSids.Builtin,
            SamServer => null,
            _ => machine,
        };
        output.WriteSidPointer(domain?.WithRid(rid));
        output.WriteUInt32((uint)(domain is null ? NtStatus.ObjectTypeMismatch : NtStatus.Success));
        return RpcStatus.Ok;
    }

    /// <summary>The rights of MS-SAMR 3.1.5.5.1.</summary>
    private static uint RightsFor(DomainClass wanted) => wanted switch
    {
        DomainClass.Password or DomainClass.Lockout => SamAccess.DomainReadPasswordParameters,
        DomainClass.General2 => SamAccess.DomainReadPasswordParameters | SamAccess.DomainReadOtherParameters,
        _ => SamAccess.DomainReadOtherParameters,
    };

    /// <summary>USER_DOMAIN_PASSWORD_INFORMATION (MS-SAMR 2.2.7.17): minimum length (2), properties (4).</summary>
    private static RpcStatus WritePasswordRules(NdrWriter output, NtStatus status)
    {
        output.WriteUInt16(status == NtStatus.Success ? MinPasswordLength : (ushort)0);
        output.WriteUInt32(0);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private void Write(NdrWriter output, DomainClass wanted, SamDomain domain)
    {
        const uint Enabled = 1; // DomainServerEnabled
        const uint Primary = 3; // DomainServerRolePrimary

        switch (wanted)
        {
            case DomainClass.Password:
                output.Align(4);
                output.WriteUInt16(MinPasswordLength);
                output.WriteUInt16(0);
                output.WriteUInt32(0);
                output.WriteOldLarge(NoInterval);
                output.WriteOldLarge(0);
                break;
            case DomainClass.General:
                WriteGeneral(output, domain, withLockout: false);
                break;
            case DomainClass.General2:
                output.Align(8);
                WriteGeneral(output, domain, withLockout: true);
                break;
            case DomainClass.Logoff:
                output.WriteOldLarge(NoInterval);
                break;
            case DomainClass.Oem:
                WriteString(output, host.ServerComment);
                break;
            case DomainClass.Name:
                WriteString(output, domain.Name);
                break;
            case DomainClass.Replication:
                WriteString(output, "");
                break;
            case DomainClass.ServerRole:
                output.WriteUInt32(Primary);
                break;
            case DomainClass.State:
                output.WriteUInt32(Enabled);
                break;
            case DomainClass.Modified or DomainClass.Modified2:
                // How often there were changes, and since when, nobody counts.
                output.WriteOldLarge(0);
                output.WriteOldLarge(0);
                if (wanted == DomainClass.Modified2)
                {
                    output.WriteOldLarge(0);
                }

                break;
            default:
                WriteLockout(output);
                break;
        }

        void WriteGeneral(NdrWriter output, SamDomain domain, bool withLockout)
        {
            output.WriteOldLarge(NoInterval);
            output.WriteUnicodeStrings(host.ServerComment, domain.Name, "");
            output.WriteOldLarge(0);
            output.WriteUInt32(Enabled);
            output.WriteUInt32(Primary);
            output.WriteByte(1); // UasCompatibilityRequired, as Windows has it
            output.WriteUInt32((uint)database.Users(domain).Count());
            output.WriteUInt32((uint)database.Groups(domain).Count());
            output.WriteUInt32((uint)SamDatabase.Aliases(domain).Count());
            if (withLockout)
            {
                WriteLockout(output);
            }

            output.WriteUnicodeStringBuffers(host.ServerComment, domain.Name, "");
        }
    }

    /// <summary>SAMPR_DOMAIN_LOCKOUT_INFORMATION (MS-SAMR 2.2.3.15): no account is ever locked out; wrong passwords are slowed down.</summary>
    private static void WriteLockout(NdrWriter output)
    {
        output.WriteLarge(0);
        output.WriteLarge(0);
        output.WriteUInt16(0);
    }

    private static void WriteString(NdrWriter output, string value)
    {
        output.WriteUnicodeString(value);
        output.WriteUnicodeStringBuffer(value);
    }
}
