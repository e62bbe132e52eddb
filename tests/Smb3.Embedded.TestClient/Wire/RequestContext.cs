using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>The create contexts that only clients send (MS-SMB2 2.2.13.2).</summary>
internal static class RequestContext
{
    public static void AskMaximalAccess(this ref CreateContextWriter writer) => writer.Begin(CreateContextName.QueryMaximalAccess, 0);

    public static void AskOnDiskId(this ref CreateContextWriter writer) => writer.Begin(CreateContextName.QueryOnDiskId, 0);

    public static void AskDurableHandle(this ref CreateContextWriter writer) =>
        writer.Begin(CreateContextName.DurableHandleRequest, 16);

    public static void ReconnectDurableHandle(this ref CreateContextWriter writer, Smb2FileId fileId) =>
        fileId.Write(writer.Begin(CreateContextName.DurableHandleReconnect, 16), 0);

    public static void AskDurableHandleV2(this ref CreateContextWriter writer, in DurableHandleRequestV2 request)
    {
        var data = writer.Begin(CreateContextName.DurableHandleRequestV2, 32);
        data.Put(0, request.Timeout);
        data.Put(4, (uint)request.Flags);
        data.Put(16, request.CreateGuid);
    }

    public static void ReconnectDurableHandleV2(this ref CreateContextWriter writer, in DurableHandleReconnectV2 reconnect)
    {
        var data = writer.Begin(CreateContextName.DurableHandleReconnectV2, 36);
        reconnect.FileId.Write(data, 0);
        data.Put(16, reconnect.CreateGuid);
        data.Put(32, (uint)reconnect.Flags);
    }

    public static void AllocationSize(this ref CreateContextWriter writer, long size) =>
        writer.Begin(CreateContextName.AllocationSize, 8).Put(0, size);

    public static void Timewarp(this ref CreateContextWriter writer, FileTime time) =>
        writer.Begin(CreateContextName.TimewarpToken, 8).Put(0, time.Ticks);

    public static void AppInstanceId(this ref CreateContextWriter writer, Guid id)
    {
        var data = writer.Begin(CreateContextName.AppInstanceId, 20);
        data.Put(0, (ushort)20);
        data.Put(4, id);
    }

    public static void AppInstanceVersion(this ref CreateContextWriter writer, in AppInstanceVersion version)
    {
        var data = writer.Begin(CreateContextName.AppInstanceVersion, 24);
        data.Put(0, (ushort)24);
        data.Put(8, version.High);
        data.Put(16, version.Low);
    }
}
