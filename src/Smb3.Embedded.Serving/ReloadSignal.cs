using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Serving;

/// <summary>
/// Has the server read its settings again, at once, when the program gets SIGHUP. It sees by itself, a few seconds later, when one of its files changes.
/// </summary>
internal sealed class ReloadSignal : IDisposable
{
    private readonly SmbServer _server;
    private readonly PosixSignalRegistration? _signal;

    public ReloadSignal(SmbServer server)
    {
        _server = server;

        // Windows sends it when the window is closed.
        _signal = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = RunAsync();
        });
    }

    public void Dispose() => _signal?.Dispose();

    private async Task RunAsync()
    {
        try
        {
            var problems = await _server.ReloadSettingsAsync().ConfigureAwait(false);
            foreach (var problem in problems)
            {
                await Console.Error.WriteLineAsync(problem).ConfigureAwait(false);
            }

            if (problems.Count == 0)
            {
                Console.WriteLine("settings read again");
            }
        }
        catch (Exception e)
        {
            foreach (var failure in e is OptionsValidationException invalid ? invalid.Failures : [e.Message])
            {
                await Console.Error.WriteLineAsync(failure).ConfigureAwait(false);
            }
        }
    }
}
