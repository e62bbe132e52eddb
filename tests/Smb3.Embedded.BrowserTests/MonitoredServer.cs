using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.BrowserTests;

/// <summary>An app with a server, its page, users who work, and a browser: Chromium as the distribution has it.</summary>
public sealed class MonitoredServer : IAsyncLifetime
{
    private readonly List<SmbTestConnection> _connections = [];
    private readonly WebApplication _app;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public MonitoredServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSmbServer(smb => smb
            .Configure(options => options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0)))
            .AddShare("projects", "memory:", share => share.Comment = "what everybody works on")
            .AddShare("vault", "memory:", share => share.Encrypt = true)
            .AddUser("alice", "password").AddUser("bob", "password").AddUser("<b>mallory</b>", "password"));
        _app = builder.Build();
        _app.MapSmbMonitor("/smb");
    }

    /// <summary>The program that is tested with: <c>SMB3_CHROMIUM</c>, else Debian's.</summary>
    private static string Chromium => Environment.GetEnvironmentVariable("SMB3_CHROMIUM") ?? "/usr/bin/chromium";

    internal SmbServer Server => _app.Services.GetRequiredService<SmbServer>();

    private string Page => _app.Urls.Single() + "/smb";

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = Environment.UserName == "root" ? ["--no-sandbox"] : [],
        });
    }

    /// <summary>Somebody logs on, and opens a file.</summary>
    internal async Task<SmbTestSession> WorkAsync(string user, string share, string file, params byte[] content)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Server.EndPoints[0]);
        var connection = new SmbTestConnection(new TcpTransportConnection(socket));
        lock (_connections)
        {
            _connections.Add(connection);
        }

        await connection.NegotiateAsync();
        var session = await connection.LogOnAsync(user, "password");
        var tree = await session.ConnectAsync(share);
        var open = await tree.OpenAsync(file);
        if (content.Length > 0)
        {
            await open.WriteAsync(0, content);
        }

        return session;
    }

    internal async Task<IPage> OpenAsync(int width = 1280, int height = 900, ColorScheme colors = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = colors,
        });
        context.SetDefaultTimeout(180_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync(Page);
        await page.Locator("#state.live").WaitForAsync();
        return page;
    }

    public async Task DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? default);
        _playwright?.Dispose();
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _app.DisposeAsync();
    }
}
