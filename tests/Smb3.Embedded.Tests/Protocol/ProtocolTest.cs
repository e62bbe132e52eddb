using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A test of a whole server, which must be clean and empty afterwards: <see cref="TestServer.DisposeAsync"/> looks.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public abstract class ProtocolTest : IAsyncLifetime
{
    private TestServer? _server;

    /// <summary>
    /// The server of the test; one with the usual settings unless <see cref="Start(TestServerOptions)"/> was called before.
    /// </summary>
    private protected TestServer Server => _server ??= new TestServer();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private protected TestServer Start(TestServerOptions options) => _server = new TestServer(options);

    private protected TestServer Start(ServerSettings settings) => Start(new TestServerOptions { Settings = settings });

    private protected static SmbTestClientOptions Speaking(params Smb2Dialect[] dialects) => new() { Dialects = dialects };
}
