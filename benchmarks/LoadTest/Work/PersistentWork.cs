using System.Buffers.Binary;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// Small operations of persistent handles, each client on a connection and a file of its own: a share that is not continuously available
/// answers the same requests, and keeps nothing.
/// </summary>
internal sealed class PersistentWork(WorkSpec spec) : RepeatedWork(spec)
{
    private const int SmallFile = 1 << 20;
    private const uint KeptMilliseconds = 1000;

    public static readonly IReadOnlyList<string> Kinds = ["keptopen", "keptlease", "keptmake", "keptover", "keptlock"];

    protected override async Task<RequestTemplate> TemplateAsync(LoadConnection connection, int client)
    {
        var name = $"kept{client}.bin";
        await (await TestFolder.FileAsync(connection.Tree, name, SmallFile)).CloseAsync();
        return Spec.Kind switch
        {
            "keptlock" => await LockAsync(connection),
            "keptmake" => Opens(connection, $@"{Folder}\made.{name}", leased: false, CreateDisposition.Create, CreateOptions.DeleteOnClose),
            "keptover" => Opens(connection, $@"{Folder}\{name}", leased: false, CreateDisposition.OverwriteIf),
            _ => Opens(connection, $@"{Folder}\{name}", Spec.Kind == "keptlease"),
        };
    }

    /// <summary>Each open has a create GUID of its own, as opens of clients have: one that was seen before would be a replay.</summary>
    private RequestTemplate Opens(
        LoadConnection connection, string path, bool leased, CreateDisposition disposition = CreateDisposition.Open,
        CreateOptions options = CreateOptions.None)
    {
        var tree = connection.Tree;
        var pattern = Guid.NewGuid();
        var lease = Guid.NewGuid();
        var body = RequestBody.Create(
            path, FileAccessMask.FileGenericRead | (options == CreateOptions.None ? 0 : FileAccessMask.Delete), disposition, options: options, oplock: leased ? Smb2OplockLevel.Lease : Smb2OplockLevel.None,
            contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskDurableHandleV2(new DurableHandleRequestV2(KeptMilliseconds, DurableHandleFlags.Persistent, pattern));
                if (leased)
                {
                    writer.Lease(new LeaseContext { Version = 2, LeaseKey = lease, State = Smb2LeaseState.Read | Smb2LeaseState.Handle });
                }
            });
        var at = Smb2Header.Size + body.AsSpan().IndexOf(pattern.ToByteArray());
        return new RequestTemplate(
            Spec.Guard,
            [tree.Request(Smb2Command.Create, body), tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related()])
        {
            Vary = (messages, _) => Guid.NewGuid().TryWriteBytes(messages[at..]),
        };
    }

    /// <summary>A file of its own: the handle is kept for a moment after its connection, and whoever wants the file meanwhile is refused.</summary>
    private async Task<RequestTemplate> LockAsync(LoadConnection connection)
    {
        var createGuid = Guid.NewGuid();
        var body = RequestBody.Create(
            $@"{Folder}\kept.{createGuid:N}", FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite | FileAccessMask.Delete,
            options: CreateOptions.NonDirectoryFile | CreateOptions.DeleteOnClose,
            contexts: (ref CreateContextWriter writer) => writer.AskDurableHandleV2(
                new DurableHandleRequestV2(KeptMilliseconds, DurableHandleFlags.Persistent, createGuid)));
        var answer = (await connection.Tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success);
        var file = new SmbTestFile(connection.Tree, CreateAnswer.Parse(answer.Message));
        return new RequestTemplate(
            Spec.Guard,
            [file.LockRequest(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately), file.LockRequest(0, 1, LockFlags.Unlock)])
        {
            Vary = LockAnother,
        };
    }

    /// <summary>Those that are under way at once lock a byte each.</summary>
    private static void LockAnother(Span<byte> messages, long number)
    {
        const int OffsetInBody = 24;
        const int NextCommandAt = 20;
        BinaryPrimitives.WriteInt64LittleEndian(messages[(Smb2Header.Size + OffsetInBody)..], number);
        var next = BinaryPrimitives.ReadInt32LittleEndian(messages[NextCommandAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(messages[(next + Smb2Header.Size + OffsetInBody)..], number);
    }
}
