using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Smb3.Embedded.Tests.AspNetCore;

/// <summary>The monitor page's endpoints: who is let in, what is sent, and what is ended.</summary>
public sealed class MonitorTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly HttpClient _client = new();
    private WebApplication _app = null!;
    private string _address = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthorization();
        builder.Services.AddSmbServer(smb => smb
            .Configure(options => options.Listen.Add(new IPEndPoint(IPAddress.Loopback, 0)))
            .AddShare("files", "memory:").AddUser("alice", "password"));
        _app = builder.Build();
        _app.MapSmbMonitor("/smb");
        _app.MapSmbMonitor("/open/to/all").AllowAnonymous();
        await _app.StartAsync();
        _address = _app.Urls.Single();
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("smb", null, null, 200)]
    [InlineData("smb", "localhost", null, 200)]
    [InlineData("smb", "evil.example", null, 403)]      // a name that somebody else has given the loopback's address
    [InlineData("smb", null, "X-Forwarded-For", 403)]   // a proxy brings whom it likes
    [InlineData("smb", null, "Forwarded", 403)]
    [InlineData("open/to/all", "evil.example", "X-Forwarded-For", 200)]
    public async Task Only_this_machine_is_let_in_as_long_as_nothing_is_said(string path, string? host, string? header, int status)
    {
        foreach (var file in new[] { "", "/", "/monitor.js", "/monitor.css", "/table.js", "/pictures.js", "/text.js" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{_address}/{path}{file}");
            request.Headers.Host = host;
            if (header is not null)
            {
                request.Headers.Add(header, "192.0.2.1");
            }

            using var response = await _client.SendAsync(request);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task The_page_knows_where_it_is_and_runs_nothing_but_its_own_script()
    {
        using var response = await _client.GetAsync($"{_address}/open/to/all");

        Assert.Contains("<base href=\"/open/to/all/\">", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null, 403)]
    [InlineData("1", null, null, 404)]
    [InlineData("1", "same-origin", null, 404)]
    [InlineData("1", "cross-site", null, 403)]
    [InlineData("1", "same-site", null, 403)]
    [InlineData("1", null, "http://evil.example", 403)]
    [InlineData("1", null, "null", 403)]
    [InlineData("1", "same-origin", "self", 404)]
    public async Task Only_the_page_itself_ends_anything(string? own, string? site, string? origin, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_address}/smb/end/session/1");
        foreach (var (name, value) in new[] { ("X-Smb-Monitor", own), ("Sec-Fetch-Site", site), ("Origin", origin == "self" ? _address : origin) })
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        using var response = await _client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("session", "x")]
    [InlineData("open", "-1")]
    [InlineData("connection", "18446744073709551616")]
    [InlineData("lease", "'")]
    [InlineData("server", "1")]
    public async Task What_is_not_there_is_not_found(string kind, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{_address}/smb/end/{kind}/{id}");
        request.Headers.Add("X-Smb-Monitor", "1");

        using var response = await _client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Everybody_who_looks_is_sent_what_there_is()
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        for (var viewer = 0; viewer < 2; viewer++)
        {
            using var response = await _client.GetAsync($"{_address}/smb/events", HttpCompletionOption.ResponseHeadersRead, enough.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(enough.Token));
            var line = await reader.ReadLineAsync(enough.Token);
            using var view = JsonDocument.Parse(line!["data: ".Length..]);

            Assert.Equal("Running", view.RootElement.GetProperty("state").GetString());
            Assert.Equal("files", view.RootElement.GetProperty("shares")[0].GetProperty("name").GetString());
        }
    }

    [Fact]
    public async Task No_more_than_a_hundred_have_it_open_and_whoever_leaves_makes_room()
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var viewers = new List<HttpResponseMessage>();
        async Task<HttpStatusCode> JoinAsync()
        {
            viewers.Add(await _client.GetAsync($"{_address}/smb/events", HttpCompletionOption.ResponseHeadersRead, enough.Token));
            return viewers[^1].StatusCode;
        }

        try
        {
            for (var viewer = 0; viewer < 100; viewer++)
            {
                Assert.Equal(HttpStatusCode.OK, await JoinAsync());
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, await JoinAsync());
            viewers[0].Dispose();
            while (await JoinAsync() != HttpStatusCode.OK)
            {
                await Task.Delay(50, enough.Token);
            }
        }
        finally
        {
            viewers.ForEach(static viewer => viewer.Dispose());
        }
    }

    [Fact]
    public void An_app_without_a_server_is_told_what_to_do()
    {
        var app = WebApplication.CreateSlimBuilder().Build();

        Assert.Contains("AddSmbServer", Assert.Throws<InvalidOperationException>(() => app.MapSmbMonitor("/smb")).Message, StringComparison.Ordinal);
        Assert.Contains("'inside'", Assert.Throws<InvalidOperationException>(() => _app.MapSmbMonitor("/inside", "inside")).Message, StringComparison.Ordinal);
    }
}
