namespace Smb3.Embedded;

/// <summary>
/// Something that lives beside a server while it runs, such as what announces it in the network. The server starts it when connections are
/// accepted, and stops it before it listens no more; each time that the server is started and stopped.
/// </summary>
/// <remarks>
/// A companion that fails, or takes longer than ten seconds, is logged and otherwise left to itself: it neither keeps the server from
/// starting nor from stopping. The server waits for both calls, so what takes long belongs into the background, and neither may start or
/// stop the server.
/// </remarks>
public interface ISmbServerCompanion
{
    /// <summary>The server runs: <see cref="SmbServer.EndPoints"/> has the real ports.</summary>
    /// <param name="server">The server.</param>
    /// <param name="cancellationToken">Ends the start, also when it takes too long.</param>
    Task StartAsync(SmbServer server, CancellationToken cancellationToken);

    /// <summary>The server is about to stop. Called also when the start has failed.</summary>
    /// <param name="cancellationToken">Cancelled when it takes too long, or the server must end at once.</param>
    Task StopAsync(CancellationToken cancellationToken);
}
