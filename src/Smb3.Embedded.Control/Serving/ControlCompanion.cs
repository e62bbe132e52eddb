using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Control.Places;

namespace Smb3.Embedded.Control.Serving;

/// <summary>Serves the socket while the server runs.</summary>
internal sealed class ControlCompanion(string? path, TimeProvider time, ILogger logger) : ISmbServerCompanion, IAsyncDisposable
{
    private ControlRun? _run;

    public Task StartAsync(SmbServer server, CancellationToken cancellationToken)
    {
        try
        {
            var socket = path is null ? ControlSocket.OpenIn(ControlFolder.Find()) : ControlSocket.OpenAt(path);
            _run = new ControlRun(socket, new ControlAnswers(server, time, logger), time, logger);
            ControlLog.Listening(logger, socket.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or PlatformNotSupportedException)
        {
            ControlLog.NotOpened(logger, e.Message);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _run, null) is { } run)
        {
            await run.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);
}
