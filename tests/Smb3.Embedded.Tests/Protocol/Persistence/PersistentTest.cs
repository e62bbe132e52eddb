using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Files;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>A test of a server with the continuously available share "ca", whose clock stands still.</summary>
public abstract class PersistentTest : ProtocolTest
{
    private protected const Smb2LeaseState ReadWriteHandle = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle;
    private protected const Smb2LeaseState ReadHandle = Smb2LeaseState.Read | Smb2LeaseState.Handle;

    private protected static readonly Guid CreateGuid = new("11111111-2222-3333-4444-555555555555");
    private protected static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    private protected SmbTestClientOptions Client { get; } = new() { ClientGuid = Guid.NewGuid() };

    private protected FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    private protected TestJournal Journal { get; set; } = new();

    private protected TestServer StartContinuous(
        ServerLimits? limits = null, bool allowGuest = false, bool posix = false, InterfaceScan? interfaces = null) =>
        Start(new TestServerOptions
        {
            Journal = Journal,
            Interfaces = interfaces,
            Settings = new ServerSettings
            {
                TimeProvider = Clock,
                Limits = limits ?? new(),
                AllowGuest = allowGuest,
                PosixExtensions = posix,
            },
        });

    /// <summary>The contexts of a CREATE that asks for a persistent handle.</summary>
    private protected static WriteCreateContexts Persistent(
        Guid? createGuid = null, uint timeout = 0, Smb2LeaseState? lease = null, bool flag = true, Guid? application = null) =>
        (ref CreateContextWriter writer) =>
        {
            writer.AskDurableHandleV2(new DurableHandleRequestV2(
                timeout, flag ? DurableHandleFlags.Persistent : DurableHandleFlags.None, createGuid ?? CreateGuid));
            if (lease is { } state)
            {
                writer.Lease(new LeaseContext { Version = 2, LeaseKey = Key, State = state });
            }

            if (application is { } id)
            {
                writer.AppInstanceId(id);
            }
        };

    private protected static SmbTestRequest Create(
        SmbTestTree tree, string name, WriteCreateContexts? contexts, Smb2OplockLevel oplock = Smb2OplockLevel.None,
        ShareAccess share = ShareAccess.All, FileAccessMask access = SmbTestTree.ReadWrite, CreateOptions options = CreateOptions.None,
        CreateDisposition disposition = CreateDisposition.OpenIf) =>
        tree.Request(Smb2Command.Create, RequestBody.Create(name, access, disposition, share, options, oplock: oplock, contexts: contexts));

    private protected static async Task<CreateAnswer> AnswerAsync(SmbTestTree tree, SmbTestRequest request) =>
        CreateAnswer.Parse((await tree.Session.CallAsync(request)).Expect(NtStatus.Success).Message);

    /// <summary>Opens a file of a client that will come back for it.</summary>
    private protected static Task<CreateAnswer> OpenAsync(
        SmbTestTree tree, string name, Smb2LeaseState? lease = null, ShareAccess share = ShareAccess.All, CreateOptions options = CreateOptions.None,
        FileAccessMask access = SmbTestTree.ReadWrite) =>
        AnswerAsync(tree, Create(
            tree, name, Persistent(lease: lease), lease is null ? Smb2OplockLevel.None : Smb2OplockLevel.Lease, share, access, options));

    private protected static Task<SmbTestResponse> ReconnectAsync(
        SmbTestTree tree, string name, Smb2FileId fileId, Guid? createGuid = null, bool flag = true, Guid? leaseKey = null) =>
        tree.CallAsync(Smb2Command.Create, RequestBody.Create(name, contexts: (ref CreateContextWriter writer) =>
        {
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(
                fileId, createGuid ?? CreateGuid, flag ? DurableHandleFlags.Persistent : DurableHandleFlags.None));
            if (leaseKey is { } key)
            {
                writer.Lease(new LeaseContext { Version = 2, LeaseKey = key });
            }
        }));

    private protected static async Task<SmbTestFile> BackAsync(SmbTestTree tree, string name, Smb2FileId fileId, Guid? leaseKey = null) => new(
        tree, CreateAnswer.Parse((await ReconnectAsync(tree, name, fileId, leaseKey: leaseKey)).Expect(NtStatus.Success).Message));

    /// <summary>What DH2Q says: how long the handle is kept, and whether it is persistent; null when it says nothing.</summary>
    private protected static (uint Timeout, DurableHandleFlags Flags)? Granted(CreateAnswer answer) =>
        answer.Find(CreateContextName.DurableHandleRequestV2) is { } data
            ? (BitConverter.ToUInt32(data), (DurableHandleFlags)BitConverter.ToUInt32(data, 4))
            : null;

    private protected static SmbTestRequest Again(SmbTestRequest request, SmbTestTree tree) => request with
    {
        Flags = request.Flags | Smb2HeaderFlags.Replay,
        Session = tree.Session,
        TreeId = tree.TreeId,
    };

    /// <summary>The connection is cut, and the server has noticed.</summary>
    private protected async Task LoseAsync(SmbTestTree tree)
    {
        var sessionId = tree.Session.SessionId;
        var connections = Server.Graph.Connections.Count;
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.FindSession(sessionId) is null, "the session is gone");
        await TestServer.UntilAsync(
            () => Server.Graph.Connections.Count < connections && Server.Graph.Opens.DisconnectedCount > 0, "the open waits for its client");
    }

    /// <summary>The process dies, and another one comes up on what it has left.</summary>
    private protected async Task<TestServer> CrashAsync()
    {
        var died = Server;
        var survivor = Journal.Survivor();
        var memory = died.Memory;
        await died.DisposeAsync();
        Journal = survivor;
        return Start(new TestServerOptions
        {
            Journal = survivor,
            Store = _ => memory,
            Settings = new ServerSettings { TimeProvider = Clock },
        });
    }
}
