using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Control.Places;

namespace Smb3.Embedded.Control.Serving;

/// <summary>The time from the start of a server to its end: accepts, and has a few conversations at once.</summary>
internal sealed class ControlRun : IAsyncDisposable
{
    /// <summary>Conversations at once; who comes then waits for one to end, which none can put off for long.</summary>
    public const int MostAtOnce = 8;

    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    private readonly ControlSocket _socket;
    private readonly ControlAnswers _answers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _free = new(MostAtOnce);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public ControlRun(ControlSocket socket, ControlAnswers answers, TimeProvider time, ILogger logger)
    {
        _socket = socket;
        _answers = answers;
        _time = time;
        _logger = logger;
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        for (var ended = 0; ended < MostAtOnce; ended++)
        {
            await _free.WaitAsync().ConfigureAwait(false);
        }

        _socket.Dispose();
        _stop.Dispose();
        _free.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var taken = false;
            try
            {
                await _free.WaitAsync(_stop.Token).ConfigureAwait(false);
                taken = true;
                var client = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                taken = false;
                _ = ServeAsync(client);
            }
            catch (OperationCanceledException)
            {
                // The server stops.
            }
            catch (Exception e)
            {
                ControlLog.Fault(_logger, e); // no descriptors left, for example
                await Task.Delay(AfterFault, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                if (taken)
                {
                    _free.Release();
                }
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            {
                var user = PeerUser.Of(client);
                if (!PeerUser.IsTrusted(user))
                {
                    ControlLog.Refused(_logger, user!.Value);
                    return;
                }

                await new ControlConversation(client, _answers, _time).RunAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ControlRefusal)
        {
            // The client went away, does not read its answer, or the server stops.
        }
        catch (Exception e)
        {
            ControlLog.Fault(_logger, e);
        }
        finally
        {
            _free.Release();
        }
    }
}
