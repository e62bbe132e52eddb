using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Samr;

/// <summary>
/// The operations that would change something. No handle has the right that they demand, whoever holds it, so each ends where the specification
/// has the right checked, before its parameters count. The changes of a password without a handle end there too.
/// </summary>
internal static class SamrRefusals
{
    /// <summary>Answers an operation that reads nothing: one that writes is refused, and another does not exist.</summary>
    public static RpcStatus Refuse(RpcCall call, NdrWriter output) => call.Opnum switch
    {
        // SetSecurityObject, SetInformationDomain, SetInformationGroup, AddMemberToGroup, RemoveMemberFromGroup, SetMemberAttributesOfGroup,
        // SetInformationAlias, AddMemberToAlias, RemoveMemberFromAlias, SetInformationUser, ChangePasswordUser, RemoveMemberFromForeignDomain,
        // AddMultipleMembersToAlias, RemoveMultipleMembersFromAlias, SetInformationUser2
        2 or 9 or 21 or 22 or 24 or 26 or 29 or 31 or 32 or 37 or 38 or 45 or 52 or 53 or 58 => OnHandle(call, output, Outputs.Nothing),

        // DeleteGroup, DeleteAlias, DeleteUser give the handle back.
        23 or 30 or 35 => OnHandle(call, output, Outputs.SameHandle),

        // CreateGroupInDomain, CreateUserInDomain, CreateAliasInDomain
        10 or 12 or 14 => OnHandle(call, output, Outputs.NoHandleAndRid),

        // CreateUser2InDomain
        50 => OnHandle(call, output, Outputs.NoHandleAccessAndRid),

        // OemChangePasswordUser2, UnicodeChangePasswordUser2, SetDSRMPassword
        54 or 55 or 66 => Answer(output),
        _ => RpcStatus.OperationRangeError,
    };

    private enum Outputs
    {
        Nothing,
        SameHandle,
        NoHandleAndRid,
        NoHandleAccessAndRid,
    }

    private static RpcStatus OnHandle(RpcCall call, NdrWriter output, Outputs outputs)
    {
        var reader = call.ReadStub();
        var id = RpcHandleScope.Read(ref reader);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (call.Handles.Find<SamObject>(id) is null)
        {
            return RpcStatus.ContextMismatch;
        }

        if (outputs != Outputs.Nothing)
        {
            RpcHandleScope.Write(output, outputs == Outputs.SameHandle ? id : Guid.Empty);
        }

        if (outputs == Outputs.NoHandleAccessAndRid)
        {
            output.WriteUInt32(0);
        }

        if (outputs is Outputs.NoHandleAndRid or Outputs.NoHandleAccessAndRid)
        {
            output.WriteUInt32(0);
        }

        return Answer(output);
    }

    private static RpcStatus Answer(NdrWriter output)
    {
        output.WriteUInt32((uint)NtStatus.AccessDenied);
        return RpcStatus.Ok;
    }
}
