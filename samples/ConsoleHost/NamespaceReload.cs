using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Samples.ConsoleHost;

/// <summary>
/// Reads the namespaces again when the program gets SIGHUP: links move while clients stay connected. What cannot be read changes nothing.
/// </summary>
internal sealed class NamespaceReload : IDisposable
{
    private readonly SmbServer _server;
    private readonly Func<SmbServerOptions> _read;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly PosixSignalRegistration? _signal;

    public NamespaceReload(SmbServer server, Func<SmbServerOptions> read)
    {
        _server = server;
        _read = read;

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
        await _turn.WaitAsync();
        try
        {
            await ApplyAsync(_read().Namespaces);
            Console.WriteLine("namespaces read again");
        }
        catch (Exception e)
        {
            foreach (var failure in e is OptionsValidationException invalid ? invalid.Failures : [e.Message])
            {
                await Console.Error.WriteLineAsync(failure);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ApplyAsync(IList<SmbNamespaceOptions> wanted)
    {
        foreach (var space in wanted)
        {
            await _server.Namespaces.ChangeAsync(space);
        }

        foreach (var space in _server.Namespaces.Where(
            now => !wanted.Any(space => space.Name.Equals(now.Name, StringComparison.OrdinalIgnoreCase))))
        {
            await _server.Namespaces.RemoveAsync(space.Name);
        }
    }
}
