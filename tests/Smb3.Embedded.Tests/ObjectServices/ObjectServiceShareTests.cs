using Microsoft.Extensions.Diagnostics.HealthChecks;
using Smb3.Embedded.Hosting.DependencyInjection;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire.Io;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>What clients, the host and other programs see of a service whose objects are shared.</summary>
public abstract class ObjectServiceShareTests : ProtocolTest, IDisposable
{
    private readonly ObjectService _service;
    private readonly ObjectFileStore _store;

    private protected ObjectServiceShareTests(ObjectService service)
    {
        _service = service;
        _store = service.Open();
        Start(new TestServerOptions { Store = _ => _store });
    }

    /// <summary>After the server.</summary>
    public void Dispose()
    {
        ((IDisposable)_store).Dispose();
        _service.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Written in pieces, in parts at the service, and answered when it has them.</summary>
    [Fact]
    public async Task A_file_that_a_client_writes_is_an_object_when_its_close_is_answered()
    {
        var data = Bytes(_service.PartSize + 12345);
        var tree = await Server.ConnectToAsync();
        var folder = await tree.OpenAsync("folder", options: CreateOptions.DirectoryFile);
        await folder.CloseAsync();
        var file = await tree.OpenAsync("folder\\f");
        for (var at = 0; at < data.Length; at += 1 << 20)
        {
            await file.WriteAsync((ulong)at, data[at..Math.Min(at + (1 << 20), data.Length)]);
        }

        Assert.Equal(NtStatus.Success, (await file.CloseAsync()).Status);
        Assert.Equal(data, _service.Server.Find("folder/f")!.Data);

        var again = await tree.OpenAsync("FOLDER\\F", CreateDisposition.Open, FileAccessMask.ReadData);
        for (var at = 0; at < data.Length; at += 1 << 16)
        {
            Assert.Equal(data[at..Math.Min(at + (1 << 16), data.Length)], await again.ReadAsync((ulong)at, 1 << 16));
        }

        await again.CloseAsync();
        Assert.Equal(0, _service.OpenUploads);
    }

    [Fact]
    public async Task What_others_put_is_read_by_clients_and_what_clients_delete_is_gone()
    {
        _service.Server.Put("a/b/other.txt", [1, 2, 3]);
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("a\\b\\other.txt", CreateDisposition.Open, FileAccessMask.FileAllAccess, options: CreateOptions.DeleteOnClose);
        Assert.Equal([1, 2, 3], await file.ReadAsync(0, 10));
        await file.CloseAsync();
        Assert.Equal(["a/b/"], _service.Server.Keys);
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("a\\b\\other.txt", CreateDisposition.Open));
    }

    /// <summary>Nothing is told to be there that is not, and the client can close.</summary>
    [Fact]
    public async Task What_the_service_refuses_is_told_to_the_client_that_wrote()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        await file.WriteAsync(0, [1, 2, 3]);
        _service.Server.Refuse = _ => _service.Stranger;
        Assert.Equal(NtStatus.AccessDenied, (await file.TryCloseAsync()).Status);
        Assert.Equal(NtStatus.AccessDenied, await tree.TryOpenAsync("g", CreateDisposition.Create));
        _service.Server.Refuse = null;
        Assert.Empty(_service.Server.Find("f")!.Data);
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("g", CreateDisposition.Open));
    }

    [Fact]
    public async Task Trouble_with_the_service_is_in_the_health_check_until_it_is_over()
    {
        var builder = SmbServer.CreateBuilder();
        builder.Listen("127.0.0.1:0").AddShare("files", _store);
        await using var server = builder.Build();
        await server.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(server)).Status);

        _service.Server.Refuse = request => request.Method == HttpMethod.Put ? _service.Stranger : null;
        Assert.Equal(NtStatus.AccessDenied, (await _store.CreateAsync(new("f"), default, default)).Status);
        var troubled = await CheckAsync(server);
        Assert.Equal(HealthStatus.Unhealthy, troubled.Status);
        Assert.Contains(_service.Name, troubled.Description, StringComparison.Ordinal);
        Assert.Equal(["files"], Assert.IsType<string[]>(troubled.Data["troubled shares"]));

        _service.Server.Refuse = null;
        Assert.Equal(NtStatus.ObjectNameNotFound, (await _store.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(server)).Status);
    }

    private static Task<HealthCheckResult> CheckAsync(SmbServer server)
    {
        var check = new SmbServerHealthCheck(server);
        return check.CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("smb", check, HealthStatus.Unhealthy, null) });
    }
}
