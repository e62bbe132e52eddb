using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>The context handles that one caller has opened through one interface.</summary>
internal readonly record struct RpcHandleScope(RpcContextHandles Handles, RpcSyntax Interface, RpcCaller Caller)
{
    /// <summary>Opens a handle to <paramref name="state"/>, which the end of the group disposes; null when there are too many.</summary>
    public Guid? Open(object state) => Handles.Open(state, Interface, Caller);

    /// <summary>The state behind a handle; null when there is none of this type.</summary>
    public T? Find<T>(Guid id)
        where T : class => Handles.Find(id, Interface, Caller) as T;

    /// <summary>Closes a handle; false when there is none.</summary>
    public bool Close(Guid id) => Handles.Close(id, Interface, Caller);

    /// <summary>The whole of an operation that closes a handle: it takes the handle, and answers with the null handle and success.</summary>
    public static RpcStatus Close(RpcCall call, NdrWriter output)
    {
        var reader = call.ReadStub();
        var id = Read(ref reader);
        if (reader.Failed)
        {
            return RpcStatus.BadStubData;
        }

        if (!call.Handles.Close(id))
        {
            return RpcStatus.ContextMismatch;
        }

        Write(output, Guid.Empty);
        output.WriteUInt32((uint)Nt.NtStatus.Success);
        return RpcStatus.Ok;
    }

    /// <summary>Reads a handle's wire form: attributes (4 bytes, zero) and a UUID.</summary>
    public static Guid Read(ref NdrReader reader)
    {
        if (reader.ReadUInt32() != 0)
        {
            reader.Fail();
        }

        return reader.ReadGuid();
    }

    /// <summary>Writes a handle's wire form; the empty UUID is the null handle.</summary>
    public static void Write(NdrWriter writer, Guid id)
    {
        writer.WriteUInt32(0);
        writer.WriteGuid(id);
    }
}
