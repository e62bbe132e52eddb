using Smb3.Embedded.Contention.Caching;
using Smb3.Embedded.Contention.Content;
using Smb3.Embedded.TestClient;

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
        string who, SmbTestConnection connection, RunSettings settings, Truth truth, RunReport report, int seed)
    {
        var session = await connection.LogOnAsync(settings.User, settings.Password);
        var tree = await session.ConnectAsync(settings.Share);
        if (settings.Rdma is not null)
        {
            RdmaPlace.Protect(session, seed);
        }

        var desk = new BreakDesk(who, tree, truth, report, settings.BreakTimeout, seed);
        connection.Unsolicited = desk.Take;
        return new ClientConnection(tree, desk);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
