using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>
/// The privileges that the server heeds (MS-LSAD 3.1.1.2.1), and who has them: one means that no account needs rights to the directories on
/// the way to a file; the others are what administrators may do to files.
/// </summary>
internal static class LsaPrivileges
{
    // Even the longest list of accounts or rights fits in a few hundred bytes, so the preferred lengths do not matter.
    private static readonly Privilege[] Known =
    [
        new(8, "SeSecurityPrivilege", "Manage auditing and security log"),
        new(9, "SeTakeOwnershipPrivilege", "Take ownership of files or other objects"),
        new(18, "SeRestorePrivilege", "Restore files and directories"),
        new(23, "SeChangeNotifyPrivilege", "Bypass traverse checking") { IsEveryones = true },
        new(28, "SeManageVolumePrivilege", "Perform volume maintenance tasks"),
    ];

    private static readonly Sid[] Accounts = [WellKnownSids.Everyone, WellKnownSids.Administrators];

    /// <summary>LsarEnumeratePrivileges (MS-LSAD 3.1.4.8.1).</summary>
    public static RpcStatus Enumerate(RpcCall call, NdrWriter output)
    {
        if (!TryBeginList(call, Known.Length, output, out var from, out var status, out var fault))
        {
            return fault;
        }

        var listed = Known[from..];
        foreach (var privilege in listed)
        {
            output.WriteUnicodeString(privilege.Name);
            output.WriteUInt32(privilege.Value);
            output.WriteUInt32(0);
        }

        foreach (var privilege in listed)
        {
            output.WriteUnicodeStringBuffer(privilege.Name);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LsarEnumerateAccounts (MS-LSAD 3.1.4.5.2): those that have privileges.</summary>
    public static RpcStatus EnumerateAccounts(RpcCall call, NdrWriter output)
    {
        if (!TryBeginList(call, Accounts.Length, output, out var from, out var status, out var fault))
        {
            return fault;
        }

        var listed = Accounts[from..];
        foreach (var _ in listed)
        {
            output.WritePointer();
        }

        foreach (var sid in listed)
        {
            output.WriteSid(sid);
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LsarEnumerateAccountRights (MS-LSAD 3.1.4.5.10), for administrators.</summary>
    public static RpcStatus EnumerateRights(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var sid = reader.ReadSid();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is null)
        {
            return RpcStatus.ContextMismatch;
        }

        var status = !call.Caller.IsAdministrator ? NtStatus.AccessDenied
            : !Accounts.Contains(sid!) ? NtStatus.ObjectNameNotFound
            : NtStatus.Success;
        Privilege[] rights = status == NtStatus.Success
            ? [.. Known.Where(privilege => privilege.IsEveryones == (sid == WellKnownSids.Everyone))]
            : [];
        output.WriteUInt32((uint)rights.Length);
        output.WritePointer(rights.Length > 0);
        if (rights.Length > 0)
        {
            output.WriteUInt32((uint)rights.Length);
            foreach (var right in rights)
            {
                output.WriteUnicodeString(right.Name);
            }

            foreach (var right in rights)
            {
                output.WriteUnicodeStringBuffer(right.Name);
            }
        }

        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LsarLookupPrivilegeValue (MS-LSAD 3.1.4.8.2): the LUID of a name.</summary>
    public static RpcStatus LookupValue(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var name = reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            return RpcStatus.ContextMismatch;
        }

        var privilege = Find(name);
        var status = StatusOf(policy, privilege);
        output.WriteUInt32(status == NtStatus.Success ? privilege!.Value : 0);
        output.WriteUInt32(0);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LsarLookupPrivilegeName (MS-LSAD 3.1.4.8.3): the name of a LUID.</summary>
    public static RpcStatus LookupName(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var low = reader.ReadUInt32();
        var high = reader.ReadUInt32();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            return RpcStatus.ContextMismatch;
        }

        var privilege = high == 0 ? Array.Find(Known, known => known.Value == low) : null;
        var status = StatusOf(policy, privilege);
        WriteName(output, status == NtStatus.Success ? privilege!.Name : null);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    /// <summary>LsarLookupPrivilegeDisplayName (MS-LSAD 3.1.4.8.4): in English, whatever language is asked for.</summary>
    public static RpcStatus LookupDisplayName(RpcCall call, NdrWriter output)
    {
        const ushort English = 0x0409;
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var name = reader.ReadUnicodeStringBuffer(reader.ReadUnicodeString());
        reader.ReadUInt16();
        reader.ReadUInt16();
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<LsaPolicy>(id) is not { } policy)
        {
            return RpcStatus.ContextMismatch;
        }

        var privilege = Find(name);
        var status = StatusOf(policy, privilege);
        WriteName(output, status == NtStatus.Success ? privilege!.DisplayName : null);
        output.WriteUInt16(English);
        output.WriteUInt32((uint)status);
        return RpcStatus.Ok;
    }

    private static Privilege? Find(string? name) =>
        Array.Find(Known, known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static NtStatus StatusOf(LsaPolicy policy, Privilege? privilege) =>
        !policy.Granted.HasFlag(PolicyAccess.LookupNames) ? NtStatus.AccessDenied
        : privilege is null ? NtStatus.NoSuchPrivilege
        : NtStatus.Success;

    private static void WriteName(NdrWriter output, string? name)
    {
        output.WritePointer(name is not null);
        if (name is null)
        {
            return;
        }

        output.WriteUnicodeString(name);
        output.WriteUnicodeStringBuffer(name);
    }

    /// <summary>
    /// Reads the request of an enumeration, and writes its answer up to the entries, of which those from <paramref name="from"/> on come
    /// next. The context is the number of entries returned before.
    /// </summary>
    private static bool TryBeginList(RpcCall call, int count, NdrWriter output, out int from, out NtStatus status, out RpcStatus fault)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        var context = reader.ReadUInt32();
        reader.ReadUInt32();
        from = (int)Math.Min(context, (uint)count);
        status = NtStatus.Success;
        var policy = call.Handles.Find<LsaPolicy>(id);
        fault = reader.Failed ? RpcStatus.BadStubData : policy is null ? RpcStatus.ContextMismatch : RpcStatus.Ok;
        if (fault != RpcStatus.Ok)
        {
            return false;
        }

        if (!policy!.Granted.HasFlag(PolicyAccess.ViewLocalInformation))
        {
            (from, status) = (count, NtStatus.AccessDenied);
        }
        else if (from == count)
        {
            status = NtStatus.NoMoreEntries;
        }

        output.WriteUInt32(status == NtStatus.Success ? (uint)count : context);
        output.WriteUInt32((uint)(count - from));
        output.WritePointer(from < count);
        if (from < count)
        {
            output.WriteUInt32((uint)(count - from));
        }

        return true;
    }

    private sealed record Privilege(uint Value, string Name, string DisplayName)
    {
        public bool IsEveryones { get; init; }
    }
}
