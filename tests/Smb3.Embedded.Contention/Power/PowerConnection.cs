using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Contention.Power;

/// <summary>A client's connection: each operation is one request, and its status.</summary>
internal sealed class PowerConnection : IAsyncDisposable
{
    /// <summary>How long a handle waits for its client, in milliseconds; a check takes longer than the server's minute on a busy machine.</summary>
    private const uint HandleTime = 300_000;

    private readonly SmbTestConnection _connection;

    private PowerConnection(SmbTestConnection connection, SmbTestTree tree) => (_connection, Tree) = (connection, tree);

    public SmbTestTree Tree { get; }

    public static async Task<PowerConnection> OpenAsync(RunSettings settings, Guid clientGuid)
    {
        var connection = new SmbTestConnection(await settings.Connect(), new SmbTestClientOptions { ClientGuid = clientGuid });
        var session = await connection.LogOnAsync(settings.User, settings.Password);
        return new PowerConnection(connection, await session.ConnectAsync(settings.Share));
    }

    /// <summary>Opens a file with a persistent handle.</summary>
    public async Task<HandleState> OpenAsync(
        string path, string name, CreateDisposition disposition, Smb2LeaseState lease, CreateOptions options)
    {
        var createGuid = Guid.NewGuid();
        var key = lease == Smb2LeaseState.None ? Guid.Empty : Guid.NewGuid();
        var response = await Tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            path, SmbTestTree.ReadWrite, disposition, options: options, oplock: Oplock(key), contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskDurableHandleV2(new DurableHandleRequestV2(HandleTime, DurableHandleFlags.Persistent, createGuid));
                WriteLease(ref writer, key, lease);
            }));
        var answer = CreateAnswer.Parse(response.Expect(NtStatus.Success).Message);
        if (answer.Find(CreateContextName.DurableHandleRequestV2) is not { } granted
            || (BitConverter.ToUInt32(granted, 4) & (uint)DurableHandleFlags.Persistent) == 0)
        {
            throw new SmbTestException("The handle is not persistent.");
        }

        return new HandleState(createGuid, answer.FileId, name, key, answer.Lease?.State ?? Smb2LeaseState.None)
        {
            Deletes = (options & CreateOptions.DeleteOnClose) != 0,
        };
    }

    /// <summary>Takes a handle up again.</summary>
    public async Task<(NtStatus Status, CreateAnswer? Answer)> ReclaimAsync(HandleState handle, string path)
    {
        while (true)
        {
            var response = await Tree.CallAsync(Smb2Command.Create, RequestBody.Create(
                path, SmbTestTree.ReadWrite, CreateDisposition.Open, oplock: Oplock(handle.LeaseKey), contexts: (ref CreateContextWriter writer) =>
                {
                    writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(handle.FileId, handle.CreateGuid, DurableHandleFlags.Persistent));
                    WriteLease(ref writer, handle.LeaseKey, handle.Lease);
                }));
            if (response.Status != NtStatus.FileNotAvailable)
            {
                return (response.Status, response.Status == NtStatus.Success ? CreateAnswer.Parse(response.Message) : null);
            }

            await Task.Delay(10);
        }
    }

    public async Task WriteAsync(Smb2FileId file, ulong number, int block, IEnumerable<long> versions)
    {
        var data = versions.SelectMany((version, i) => BlockContent.Make(number, block + i, version)).ToArray();
        (await Tree.CallAsync(Smb2Command.Write, RequestBody.Write(file, (ulong)(block * BlockContent.Size), data), data.Length)).Expect(NtStatus.Success);
    }

    /// <summary>All of a file or a stream.</summary>
    public async Task<byte[]> ReadAsync(Smb2FileId file)
    {
        const int Length = 1 << 16;
        var response = await Tree.CallAsync(Smb2Command.Read, RequestBody.Read(file, 0, Length), Length);
        return response.Status == NtStatus.EndOfFile ? [] : ReadAnswer.Parse(response.Expect(NtStatus.Success).Message).Data;
    }

    public async Task<NtStatus> LockAsync(Smb2FileId file, int block, LockFlags flags) =>
        (await Tree.CallAsync(Smb2Command.Lock, RequestBody.Lock(
            file, [new LockElement((ulong)(block * BlockContent.Size), BlockContent.Size, flags)]))).Status;

    public async Task SetAsync(Smb2FileId file, FileInformationClass kind, byte[] buffer) =>
        (await Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file, kind, buffer))).Expect(NtStatus.Success);

    public async Task CloseAsync(Smb2FileId file) => (await Tree.CallAsync(Smb2Command.Close, RequestBody.Close(file))).Expect(NtStatus.Success);

    /// <summary>Opens with an ordinary handle, uses it and closes it.</summary>
    public async Task WithAsync(
        string path, FileAccessMask access, CreateDisposition disposition, Func<SmbTestFile, Task> use, CreateOptions options = CreateOptions.None)
    {
        var file = await Tree.OpenAsync(path, disposition, access, options: options);
        await use(file);
        await file.CloseAsync();
    }

    public async Task SetBasicAsync(SmbTestFile file, long creationTime, FileAttributes attributes) =>
        await SetAsync(file.FileId, FileInformationClass.FileBasicInformation, SetBuffer.Basic(new BasicInformation(creationTime, 0, 0, 0, attributes)));

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static Smb2OplockLevel Oplock(Guid key) => key == Guid.Empty ? Smb2OplockLevel.None : Smb2OplockLevel.Lease;

    private static void WriteLease(ref CreateContextWriter writer, Guid key, Smb2LeaseState state)
    {
        if (key != Guid.Empty)
        {
            writer.Lease(new LeaseContext { Version = 2, LeaseKey = key, State = state });
        }
    }
}
