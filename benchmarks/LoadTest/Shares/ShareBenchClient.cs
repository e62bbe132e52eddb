using System.Buffers.Binary;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;

namespace Smb3.Embedded.LoadTest.Shares;

/// <summary>
/// One connection with its file, and everything that it can be asked to do. The file is deleted when it is closed, also by the server when the
/// connection is lost: nothing stays behind.
/// </summary>
internal sealed class ShareBenchClient : IAsyncDisposable
{
    public const int SmallSize = 4096;

    private const int Piece = 1 << 20;
    private const int OffsetInBody = 8;
    private const FileAccessMask Access = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite | FileAccessMask.Delete;
    private const CreateOptions Temporary = CreateOptions.NonDirectoryFile | CreateOptions.DeleteOnClose;

    private readonly ShareBenchPlan _plan;
    private readonly LoadConnection _connection;
    private readonly SmbTestFile _file;
    private readonly string _path;
    private readonly Dictionary<string, RequestTemplate> _templates = [];

    private ShareBenchClient(ShareBenchPlan plan, LoadConnection connection, SmbTestFile file, string path)
    {
        _plan = plan;
        _connection = connection;
        _file = file;
        _path = path;
    }

    /// <summary>Bytes of one operation.</summary>
    public int SizeOf(string work) => work switch
    {
        "read" => Math.Min(_plan.Size, _connection.MaxReadSize),
        "write" => Math.Min(_plan.Size, _connection.MaxWriteSize),
        "read4k" or "write4k" => SmallSize,
        _ => 0,
    };

    /// <summary>Connects and makes the file.</summary>
    public static async Task<ShareBenchClient> OpenAsync(ShareBenchPlan plan, IReadOnlyList<string> works, CancellationToken cancellationToken)
    {
        var connection = await LoadConnection.OpenAsync(
            new Target(string.Empty, plan.EndPoint, plan.Share, plan.User, plan.Password, ProcessId: 0), plan.Guard);
        try
        {
            var path = $"{(plan.Folder.Length > 0 ? plan.Folder + "\\" : string.Empty)}smb-bench-{Guid.NewGuid():n}";
            var file = await connection.Tree.OpenAsync(path, CreateDisposition.Create, Access, options: Temporary);
            var client = new ShareBenchClient(plan, connection, file, path);
            var piece = new byte[Math.Min(Piece, connection.MaxWriteSize)];
            Random.Shared.NextBytes(piece);
            for (var offset = 0L; offset < plan.FileSize; offset += piece.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await file.WriteAsync((ulong)offset, piece);
            }

            foreach (var work in works)
            {
                client._templates[work] = client.Compose(work);
            }

            await connection.DetachAsync(client._templates.Values.Max(template => template.Charge) * plan.Depth);
            return client;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does one kind of work for some time, on the calling thread.</summary>
    public void Run(string work, Limit limit, Latencies latencies) => _connection.Pump(_templates[work], _plan.Depth, limit, latencies);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private RequestTemplate Compose(string work)
    {
        var tree = _connection.Tree;
        var close = tree.Request(Smb2Command.Close, RequestBody.Close(SmbTestFile.Previous)).Related();
        switch (work)
        {
            case "read" or "read4k":
                return new RequestTemplate(_plan.Guard, [_file.ReadRequest(0, (uint)SizeOf(work))]) { Vary = Offset(work) };
            case "write" or "write4k":
                var data = new byte[SizeOf(work)];
                Random.Shared.NextBytes(data);
                return new RequestTemplate(_plan.Guard, [_file.WriteRequest(0, data)]) { Vary = Offset(work) };
            case "stat":
                return _connection.Template(
                    tree.Request(Smb2Command.Create, RequestBody.Create(_path, FileAccessMask.ReadAttributes, CreateDisposition.Open)),
                    tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFile(SmbTestFile.Previous, FileInformationClass.FileNetworkOpenInformation, SmallSize)).Related(),
                    close);
            case "create":
                var create = tree.Request(
                    Smb2Command.Create, RequestBody.Create($"{_path}-{CountedName.Digits}", Access, CreateDisposition.Create, options: Temporary));
                return new RequestTemplate(_plan.Guard, [create, close]) { Vary = CountedName.In(create) };
            default:
                throw new FormatException($"'{work}' is no work.");
        }
    }

    /// <summary>Large blocks from beginning to end, small ones far from each other.</summary>
    private Vary Offset(string work)
    {
        var size = SizeOf(work);
        var blocks = _plan.FileSize / size;
        var step = size == SmallSize ? 7919 : 1;
        return (messages, number) =>
            BinaryPrimitives.WriteInt64LittleEndian(messages[(Smb2Header.Size + OffsetInBody)..], number * step % blocks * size);
    }
}
