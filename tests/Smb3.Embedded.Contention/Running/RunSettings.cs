using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Contention.Running;

/// <summary>What a run is.</summary>
internal sealed record RunSettings
{
    public required int Seed { get; init; }

    public required TimeSpan Time { get; init; }

    public int Clients { get; init; } = 8;

    public int Files { get; init; } = 5;

    public string Share { get; init; } = LocalServer.Share;

    public string User { get; init; } = LocalServer.User;

    public string Password { get; init; } = LocalServer.Password;

    /// <summary>How long the server waits for the answer to a break, by the clock on the wall.</summary>
    public required TimeSpan BreakTimeout { get; init; }

    /// <summary>Makes a connection.</summary>
    public required Func<Task<IByteStream>> Connect { get; init; }

    /// <summary>Where connections over SMB Direct are made instead; <see langword="null"/>: nowhere.</summary>
    public RdmaPlace? Rdma { get; init; }

    /// <summary>A connection of a client that nothing is done to.</summary>
    public async Task<SmbTestConnection> OpenAsync(SmbTestClientOptions? options = null) =>
        Rdma is null ? new SmbTestConnection(await Connect(), options) : Rdma.Connect(options, out _);

    /// <summary>The folder on the share that the run has for itself.</summary>
    public string Folder => $"contention-{Seed}";

    public string Name(int file) => $"{Folder}\\f{file}";
}
