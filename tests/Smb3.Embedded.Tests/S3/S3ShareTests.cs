using System.Buffers;
using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Smb3.Embedded.Hosting.DependencyInjection;
using Smb3.Embedded.Nt;
using Smb3.Embedded.S3;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.S3;

/// <summary>What the host and other programs see of a bucket that is shared.</summary>
public sealed class S3ShareTests : IDisposable
{
    private readonly BucketServer _bucket = new();

    public void Dispose() => _bucket.Dispose();

    [Fact]
    public async Task Trouble_with_the_bucket_is_in_the_health_check_until_it_is_over()
    {
        using var store = Open();
        var builder = SmbServer.CreateBuilder();
        builder.Listen("127.0.0.1:0").AddShare("files", store);
        await using var server = builder.Build();
        await server.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(server)).Status);

        _bucket.Refuse = static request => request.Method == HttpMethod.Put ? (HttpStatusCode.Forbidden, "InvalidAccessKeyId") : null;
        Assert.Equal(NtStatus.AccessDenied, (await store.CreateAsync(new("f"), default, default)).Status);
        var troubled = await CheckAsync(server);
        Assert.Equal(HealthStatus.Unhealthy, troubled.Status);
        Assert.Contains(BucketServer.Name, troubled.Description, StringComparison.Ordinal);
        Assert.Equal(["files"], Assert.IsType<string[]>(troubled.Data["troubled shares"]));

        _bucket.Refuse = null;
        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(server)).Status);
    }

    /// <summary>Objects are as other programs would put them, and a listing is one request.</summary>
    [Fact]
    public async Task Without_attributes_nothing_is_put_beside_the_data_and_nothing_asked_for()
    {
        using var store = Open(static options => options.KeepAttributes = false);
        Assert.False(store.Traits.Has(StoreAbilities.DosAttributes));
        var made = await store.CreateAsync(new("f"), default, default);
        await using (var file = made.Value)
        {
            Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new ReadOnlySequence<byte>([1, 2, 3]), default));
            var hidden = new FileMetadataChange { Attributes = FileAttributes.Hidden, LastWriteTime = new FileTime(1) };
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(hidden, default));
        }

        var kept = _bucket.Find("f")!;
        Assert.Equal([1, 2, 3], kept.Data);
        Assert.DoesNotContain(kept.Headers, static header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase));

        _bucket.Requests.Clear();
        await using var root = (await store.OpenAsync(new(""), StoreAccess.Read, default)).Value;
        await using var listing = (await root.ListAsync(default)).Value;
        var page = new StoreEntry[8];
        Assert.Equal(1, (await listing.ReadAsync(page, default)).Value);
        Assert.Equal(default, page[0].Metadata.Attributes & FileAttributes.Hidden);
        Assert.NotEqual(new FileTime(1), page[0].Metadata.LastWriteTime);
        Assert.DoesNotContain(_bucket.Requests, static request => request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    private S3FileStore Open(Action<S3StoreOptions>? configure = null)
    {
        var options = new S3StoreOptions { Bucket = BucketServer.Name };
        configure?.Invoke(options);
        return new S3FileStore(options, _bucket.Connect());
    }

    private static Task<HealthCheckResult> CheckAsync(SmbServer server)
    {
        var check = new SmbServerHealthCheck(server);
        return check.CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("smb", check, HealthStatus.Unhealthy, null) });
    }
}
