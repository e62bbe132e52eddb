using Smb3.Embedded.Contention.Caching;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Running;

/// <summary>What a client has between two cuts: its connection, its opens, its caches.</summary>
internal sealed class ClientConnection : IAsyncDisposable
{
    private ClientConnection(SmbTestTree tree, BreakDesk desk)
    {
        Tree = tree;
        Desk = desk;
    }

    public SmbTestTree Tree { get; }

    public SmbTestConnection Connection => Tree.Session.Connection;

    public BreakDesk Desk { get; }

    /// <summary>The opens, parked ones too.</summary>
    public List<FileHandle> Handles { get; } = [];

    /// <summary>The directory that the client lists and watches.</summary>
    public FileHandle? Folder { get; set; }

    /// <summary>The listing that it caches under the directory's lease, with the moment when it was complete.</summary>
    public (long Moment, long Generation)? Listing { get; set; }

    /// <summary>Watches that have not been answered.</summary>
    public List<SmbTestCall> Watches { get; } = [];

    public static async Task<ClientConnection> OpenAsync(
        string who, IByteStream transport, RunSettings settings, Truth truth, RunReport report, Guid clientGuid, int seed)
    {
        var connection = new SmbTestConnection(transport, new SmbTestClientOptions { ClientGuid = clientGuid });
        var session = await connection.LogOnAsync(settings.User, settings.Password);
        var tree = await session.ConnectAsync(settings.Share);
        var desk = new BreakDesk(who, tree, truth, report, settings.BreakTimeout, seed);
        connection.Unsolicited = desk.Take;
        return new ClientConnection(tree, desk);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
