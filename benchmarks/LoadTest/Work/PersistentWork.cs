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

    /// <summary>Stands for the create GUID where it is another one each time.</summary>
    private static readonly Guid Pattern = Guid.NewGuid();

    public static readonly IReadOnlyList<string> Kinds = ["keptopen", "keptlease", "keptmake", "keptover", "keptlock", "keptbreak"];

    protected override async Task<RequestTemplate> TemplateAsync(LoadConnection connection, int client)
    {
        var name = $"kept{client}.bin";
        await (await TestFolder.FileAsync(connection.Tree, name, SmallFile)).CloseAsync();
        return Spec.Kind switch
        {
            "keptlock" => await LockAsync(connection),
            "keptmake" => Opens(connection, $@"{Folder}\made.{name}", leased: false, CreateDisposition.Create, CreateOptions.DeleteOnClose),
            "keptover" => Opens(connection, $@"{Folder}\{name}", leased: false, CreateDisposition.OverwriteIf),
            "keptbreak" => await BreakAsync(connection),
            _ => Opens(connection, $@"{Folder}\{name}", Spec.Kind == "keptlease"),
        };
    }

    private RequestTemplate Opens(
        LoadConnection connection, string path, bool leased, CreateDisposition disposition = CreateDisposition.Open,
        CreateOptions options = CreateOptions.None)
    {
        var access = FileAccessMask.FileGenericRead | (options == CreateOptions.None ? 0 : FileAccessMask.Delete);
        var create = Create(connection.Tree, path, access, disposition, options, leased ? Smb2LeaseState.Read | Smb2LeaseState.Handle : null);
        return Kept([create, Close(connection.Tree)]);
    }

    /// <summary>
    /// A client that holds a file open with a lease which its own other handle breaks: the first open gives the lease what was taken from it, and
    /// the write takes it away again. A lease that caches reads only need not be acknowledged (MS-SMB2 3.3.4.7).
    /// </summary>
    private async Task<RequestTemplate> BreakAsync(LoadConnection connection)
    {
        var tree = connection.Tree;
        var path = $@"{Folder}\broken.{Guid.NewGuid():N}"; // of its own, as in LockAsync
        var writer = await tree.OpenAsync(path, options: CreateOptions.NonDirectoryFile | CreateOptions.DeleteOnClose);
        var create = Create(tree, path, FileAccessMask.FileGenericRead, CreateDisposition.Open, CreateOptions.None, Smb2LeaseState.Read);
        (await tree.CallAsync(Smb2Command.Create, create.Body)).Expect(NtStatus.Success);
        return Kept([create, Close(tree), writer.WriteRequest(0, [1])]);
    }

    /// <summary>Each open has a create GUID of its own, as opens of clients have: one that was seen before would be a replay.</summary>
    private RequestTemplate Kept(SmbTestRequest[] requests)
    {
        var at = Smb2Header.Size + requests[0].Body.AsSpan().IndexOf(Pattern.ToByteArray());
        return new RequestTemplate(Spec.Guard, requests)
        {
            Vary = (messages, _) => Guid.NewGuid().TryWriteBytes(messages[at..]),
        };
    }

    /// <param name="tree">Where.</param>
    /// <param name="path">What is opened.</param>
    /// <param name="access">For what.</param>
    /// <param name="disposition">How.</param>
    /// <param name="options">And what becomes of it.</param>
    /// <param name="lease">What a lease of its own may cache; <see langword="null"/>: it asks for none.</param>
    private static SmbTestRequest Create(
        SmbTestTree tree, string path, FileAccessMask access, CreateDisposition disposition, CreateOptions options, Smb2LeaseState? lease) =>
        tree.Request(Smb2Command.Create, RequestBody.Create(
            path, access, disposition, options: options, oplock: lease is null ? Smb2OplockLevel.None : Smb2OplockLevel.Lease,
            contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskDurableHandleV2(new DurableHandleRequestV2(KeptMilliseconds, DurableHandleFlags.Persistent, Pattern));
                if (lease is { } state)
                {
                    writer.Lease(new LeaseContext { Version = 2, LeaseKey = Guid.NewGuid(), State = state });
                }
            }));

    private static SmbTestRequest Close(SmbTestTree tree) => tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related();

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
