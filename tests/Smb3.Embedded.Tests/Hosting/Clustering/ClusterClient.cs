using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Errors;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>
/// A client with a persistent handle that writes without pause, follows the share wherever it goes, as redirected, and knows the longest
/// time between two answers.
/// </summary>
internal sealed class ClusterClient(IReadOnlyList<TestNode> nodes, string name)
{
    private readonly SmbTestClientOptions _options = new() { ClientGuid = Guid.NewGuid(), Dialects = [Smb2Dialect.Smb311] };
    private readonly Guid _createGuid = Guid.NewGuid();
    private SmbTestFile? _file;
    private Smb2FileId? _handle;
    private int _next;

    /// <summary>How many writes were acknowledged.</summary>
    public int Writes { get; private set; }

    /// <summary>The longest time between two acknowledgements.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>Why it has had to connect again.</summary>
    public List<string> Losses { get; } = [];

    /// <summary>How often it was told by another node where the share is.</summary>
    public int Redirections { get; private set; }

    /// <summary>The node that has answered last.</summary>
    public string? At { get; private set; }

    /// <summary>The last number that was acknowledged as written.</summary>
    public byte Last => (byte)Writes;

    /// <summary>Opens the file and writes until <paramref name="enough"/>; what is not answered is done again.</summary>
    public async Task RunAsync(CancellationToken enough)
    {
        var last = Stopwatch.GetTimestamp();
        while (!enough.IsCancellationRequested)
        {
            try
            {
                _file ??= await OpenAsync();
                await _file.WriteAsync(0, [(byte)(Writes + 1)]);
                Writes++;
                var gap = Stopwatch.GetElapsedTime(last);
                LongestGap = gap > LongestGap ? gap : LongestGap;
                last = Stopwatch.GetTimestamp();
                At = nodes[_next].Name;
            }
            catch (Exception e)
            {
                Losses.Add($"{nodes[_next].Name}: {e.Message}");
                if (e is SmbTestException or IOException { Message: "Nobody listens." })
                {
                    _next = (_next + 1) % nodes.Count;
                }

                if (_file is { } lost)
                {
                    _handle = lost.FileId;
                    await lost.Tree.Session.Connection.DisposeAsync();
                    _file = null;
                }

                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    /// <summary>Reads the file by the same handle, wherever it is.</summary>
    public async Task<byte[]> ReadAsync() => await (_file ??= await OpenAsync()).ReadAsync(0, 1);

    private async Task<SmbTestFile> OpenAsync()
    {
        var tree = await ConnectAsync();
        var body = RequestBody.Create(name, SmbTestTree.ReadWrite, contexts: (ref CreateContextWriter writer) =>
        {
            if (_handle is { } handle)
            {
                writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(handle, _createGuid, DurableHandleFlags.Persistent));
            }
            else
            {
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.Persistent, _createGuid));
            }
        });
        return new SmbTestFile(tree, CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, body)).Expect(NtStatus.Success).Message));
    }

    private async Task<SmbTestTree> ConnectAsync()
    {
        var session = await nodes[_next].LogOnAsync(_options);
        var response = await TestNode.TryConnectAsync(session, "vm");
        if (response.Status == NtStatus.Success)
        {
            return new SmbTestTree(session, response.TreeId, TreeConnectAnswer.Parse(response.Message));
        }

        await session.Connection.DisposeAsync();
        if (response.Status == NtStatus.BadNetworkName && BitConverter.ToUInt32(response.Message, Smb2Header.Size + 12) == (uint)ErrorContextId.ShareRedirect)
        {
            var address = response.Message.AsSpan(Smb2Header.Size + 16 + 32, 4).ToArray();
            _next = nodes.ToList().FindIndex(node => node.Address.GetAddressBytes().AsSpan().SequenceEqual(address));
            Redirections++;
        }
        else
        {
            _next = (_next + 1) % nodes.Count;
        }

        throw new IOException($"Not there: {response.Status}.");
    }
}
