using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Nt;
using Smb3.Embedded.S3;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Tests.ObjectServices;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.S3;

/// <summary>What a share of a bucket does with what servers differ in, with failures, and with others who change objects.</summary>
[SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public sealed class S3FileStoreTests : IAsyncLifetime
{
    private const int Part = 5 << 20;

    private readonly BucketServer _bucket = new();
    private readonly RecordedLog<S3FileStore> _log = new();
    private S3FileStore _store = null!;

    public Task InitializeAsync()
    {
        _store = Open();
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        _store.Dispose();
        _bucket.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Part)]
    [InlineData(Part + 1)]
    [InlineData((2 * Part) + 12345)]
    public async Task What_is_written_comes_back_in_parts_or_at_once(int length)
    {
        var data = Bytes(length);
        await PutAsync("f", data);
        Assert.Equal(data, _bucket.Find("f")!.Data);
        Assert.Equal(data, await GetAsync("f"));
        Assert.Equal(0, _bucket.OpenUploads);
        Assert.Equal(length > Part, _bucket.Requests.Exists(static request => request.StartsWith("POST f?uploads", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Parts_of_all_files_together_are_bounded()
    {
        _bucket.Before = static _ => Thread.Sleep(1);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => await PutAsync($"f{i}", Bytes((2 * Part) + i))));
        Assert.Equal(3, _bucket.Keys.Length);
        Assert.InRange(_bucket.Uploads.Sent.Most, Part, (2 * (Part + 100_000)) + 100_000); // two parts, with the signatures of their chunks
    }

    [Theory]
    [InlineData((int)Conditions.Known)]
    [InlineData((int)Conditions.Unquoted)]
    [InlineData((int)Conditions.Ignored)]
    [InlineData((int)Conditions.NotImplemented)]
    public async Task What_others_put_is_not_overwritten_whatever_the_server_knows(int conditions)
    {
        _bucket.Conditions = (Conditions)conditions;
        _bucket.Put("f", [1, 1, 1]);
        _bucket.Put("large", [1, 1, 1]);
        foreach (var (name, length) in new[] { ("f", 10), ("large", Part + 1) })
        {
            var file = await OpenAsync(name);
            await WriteAsync(file, 0, Bytes(length));
            _bucket.Put(name, [9, 9]);
            Assert.Equal(NtStatus.FileInvalid, await file.FlushAsync(default));
            Assert.Equal([9, 9], _bucket.Find(name)!.Data);
            await Assert.ThrowsAsync<IOException>(async () => await file.DisposeAsync());
            Assert.Equal(0, _bucket.OpenUploads);

            // And whoever opens it then can write.
            await using var again = await OpenAsync(name);
            await WriteAsync(again, 0, [7]);
            Assert.Equal(NtStatus.Success, await again.FlushAsync(default));
            Assert.Equal([7, 9], _bucket.Find(name)!.Data);
            await WriteAsync(again, 1, [8]);
            Assert.Equal(NtStatus.Success, await again.FlushAsync(default));
            Assert.Equal([7, 8], _bucket.Find(name)!.Data);
        }

        Assert.Equal(_bucket.Conditions == Conditions.NotImplemented ? 1 : 0, _log.Count(4));
    }

    [Fact]
    public async Task A_name_that_another_took_at_the_same_moment_is_taken()
    {
        _bucket.Before = request =>
        {
            if (request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith("/f", StringComparison.Ordinal))
            {
                _bucket.Put("f", [1]);
            }
        };
        Assert.Equal(NtStatus.ObjectNameCollision, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal([1], _bucket.Find("f")!.Data);
    }

    [Fact]
    public async Task A_rename_is_copied_by_the_server_with_all_that_the_object_carries()
    {
        _bucket.Put("a/page.html", [1, 2, 3], ("content-type", "text/html"), ("x-amz-meta-color", "blue"));
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("a\\page.html"), new("a\\new.html"), false, default));
        Assert.Equal(["a/", "a/new.html"], _bucket.Keys);
        Assert.DoesNotContain(_bucket.Requests, static request => request.StartsWith("GET a/page", StringComparison.Ordinal));
        var found = _bucket.Find("a/new.html")!;
        Assert.Equal(("text/html", "blue"), (found.Headers["content-type"], found.Headers["x-amz-meta-color"]));
    }

    [Fact]
    public async Task Attributes_and_times_stay_beside_what_the_object_carries_already()
    {
        _bucket.Put("page.html", [1, 2, 3], ("content-type", "text/html"), ("cache-control", "no-cache"), ("x-amz-meta-color", "blue"));
        var time = FileTime.From(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using (var file = await OpenAsync("page.html", StoreAccess.Metadata))
        {
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(new() { LastWriteTime = time, Attributes = FileAttributes.Hidden }, default));
        }

        using var other = Open();
        var listed = Assert.Single(await ObjectStoreSteps.ListAsync(other, ""));
        Assert.Equal((time, FileAttributes.Hidden, 3L), (listed.Metadata.LastWriteTime, listed.Metadata.Attributes, listed.Metadata.Length));
        var headers = _bucket.Find("page.html")!.Headers;
        Assert.Equal(("text/html", "no-cache", "blue"), (headers["content-type"], headers["cache-control"], headers["x-amz-meta-color"]));
    }

    [Fact]
    public async Task Large_objects_are_copied_by_parts()
    {
        _store.Copies = (1000, 700);
        var data = Bytes(2000);
        _bucket.Put("f", data, ("content-type", "text/html"), ("x-amz-meta-color", "blue"));
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("f"), new("g"), false, default));
        var found = _bucket.Find("g")!;
        Assert.Equal(data, found.Data);
        Assert.Equal(("text/html", "blue"), (found.Headers["content-type"], found.Headers["x-amz-meta-color"]));
        Assert.Null(_bucket.Find("f"));
    }

    [Fact]
    public async Task A_listing_asks_for_metadata_once_and_not_for_names_alone()
    {
        for (var i = 0; i < 5; i++)
        {
            await PutAsync($"f{i}", [1]);
        }

        using var other = Open();
        _bucket.Requests.Clear();
        Assert.Equal(5, (await ObjectStoreSteps.ListAsync(other, "")).Count);
        Assert.Equal(5, Heads());
        Assert.Equal(5, (await ObjectStoreSteps.ListAsync(other, "")).Count);
        Assert.Equal(5, Heads());

        // Another spelling is looked up in the names.
        await using (await ObjectStoreSteps.OpenAsync(other, "F3"))
        {
        }

        Assert.Equal(5 + 5, Heads()); // of F3 and F3/ by the path and by the name in the root, and of f3 itself
        _bucket.Put("f1", [1, 2, 3]);
        Assert.Contains(await ObjectStoreSteps.ListAsync(other, ""), static entry => entry is { Name: "f1", Metadata.Length: 3 });
        Assert.Equal(5 + 5 + 1, Heads());
    }

    [Fact]
    public async Task Pages_tell_everything_once_in_whatever_order_the_keys_are()
    {
        var names = new[] { "a.txt", "b c", "b+c%41", "d\ue000", "d\U0001F600", "e\uFFFE", "Ä" };
        foreach (var name in names)
        {
            _bucket.Put("x/" + name, [1]);
            _bucket.Put($"x/{name}-dir/1", [1]);
            _bucket.Put($"x/{name}-dir/2", [1]);
        }

        _bucket.Put("x/a.txt-dir/\U0010FFFFz", [1]); // behind what stands for the end of a folder
        using var narrow = Open(static options => options.Objects = options.Objects with { PageSize = 2 });
        var listed = await ObjectStoreSteps.ListAsync(narrow, "x");
        Assert.Equal(names.Concat(names.Select(static name => name + "-dir")).Order(StringComparer.Ordinal), listed.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
        foreach (var name in names)
        {
            Assert.Equal([1], await GetAsync($"x\\{name}"));
        }
    }

    [Fact]
    public async Task A_prefix_hides_the_rest_of_the_bucket()
    {
        _bucket.Put("other", [1]);
        _bucket.Put("teams/other", [1]);
        using var part = Open(static options => options.Prefix = "/team");
        await using (await CreateAsync(part, "f"))
        {
        }

        Assert.Equal(["f"], (await ListAsync(part, "")).Select(static entry => entry.Name));
        Assert.Equal(["other", "team/f", "teams/other"], _bucket.Keys);
    }

    [Fact]
    public async Task An_upload_that_fails_leaves_no_parts_and_can_be_tried_again()
    {
        await using var file = await ObjectStoreSteps.CreateAsync(_store, "f");
        var data = Bytes((3 * Part) + 1);
        await WriteAsync(file, 0, data);
        var parts = 0;
        _bucket.Refuse = request => request.RequestUri!.Query.Contains("partNumber", StringComparison.Ordinal) && Interlocked.Increment(ref parts) == 2
            ? (HttpStatusCode.InternalServerError, "InternalError") : null;
        Assert.Equal(NtStatus.IoDeviceError, await file.FlushAsync(default));
        Assert.Equal(0, _bucket.OpenUploads);
        Assert.Contains("HTTP 500 (InternalError", _store.Problem, StringComparison.Ordinal);
        _bucket.Refuse = null;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, _bucket.Find("f")!.Data);
        Assert.Null(_store.Problem);
        Assert.Equal((1, 1), (_log.Count(1), _log.Count(2)));
    }

    [Fact]
    public async Task Parts_that_cannot_be_removed_are_told()
    {
        var file = await ObjectStoreSteps.CreateAsync(_store, "f");
        await WriteAsync(file, 0, Bytes(Part + 1));
        _bucket.Refuse = static request => request.RequestUri!.Query.Contains("uploadId", StringComparison.Ordinal) ? (HttpStatusCode.Forbidden, "AccessDenied") : null;
        Assert.Equal(NtStatus.AccessDenied, await file.FlushAsync(default));
        Assert.Equal(1, _log.Count(3));
        _bucket.Refuse = null;
        await file.DisposeAsync();
    }

    [Theory]
    [InlineData(404, "NoSuchBucket", NtStatus.IoDeviceError, true)]
    [InlineData(403, "InvalidAccessKeyId", NtStatus.AccessDenied, true)]
    [InlineData(403, "SignatureDoesNotMatch", NtStatus.AccessDenied, true)]
    [InlineData(403, "AccessDenied", NtStatus.AccessDenied, false)]
    [InlineData(403, "RequestTimeTooSkewed", NtStatus.AccessDenied, true)]
    [InlineData(403, "QuotaExceeded", NtStatus.DiskFull, false)]
    [InlineData(507, "XMinioStorageFull", NtStatus.DiskFull, false)]
    [InlineData(400, "EntityTooLarge", NtStatus.FileTooLarge, false)]
    [InlineData(503, "SlowDown", NtStatus.InsufficientResources, true)]
    [InlineData(500, "InternalError", NtStatus.IoDeviceError, true)]
    public async Task Refusals_have_a_status_and_what_concerns_the_bucket_is_told(int status, string code, NtStatus expected, bool isProblem)
    {
        _bucket.Refuse = request => request.Method == HttpMethod.Put ? ((HttpStatusCode)status, code) : null;
        Assert.Equal(expected, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(isProblem, _store.Problem is not null);
        Assert.Equal(isProblem ? 1 : 0, _log.Count(1));
        _bucket.Refuse = null;
        await using (await ObjectStoreSteps.CreateAsync(_store, "f"))
        {
        }

        Assert.Null(_store.Problem);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_status_and_no_fault()
    {
        _bucket.Before = static _ => throw new HttpRequestException("Connection refused");
        Assert.Equal(NtStatus.IoDeviceError, (await _store.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Contains("cannot be reached", _store.Problem, StringComparison.Ordinal);
        Assert.Contains(BucketServer.Name, _store.Problem, StringComparison.Ordinal);
        Assert.Equal(NtStatus.IoDeviceError, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(1, _log.Count(1)); // not once for each request
    }

    [Fact]
    public async Task Archived_data_is_refused_and_the_file_still_listed()
    {
        _bucket.Put("f", [1]);
        _bucket.Refuse = static request => request.Method == HttpMethod.Get && request.RequestUri!.AbsolutePath.EndsWith("/f", StringComparison.Ordinal)
            ? (HttpStatusCode.Forbidden, "InvalidObjectState") : null;
        await using var file = await OpenAsync("f", StoreAccess.Read);
        Assert.Equal(NtStatus.FileNotAvailable, (await file.ReadAsync(0, new byte[1], default)).Status);
        Assert.Single(await ObjectStoreSteps.ListAsync(_store, ""));
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_leaves_nothing_under_way()
    {
        await using var file = await ObjectStoreSteps.CreateAsync(_store, "f");
        var data = Bytes((2 * Part) + 1);
        await WriteAsync(file, 0, data);
        using var impatient = new CancellationTokenSource();
        _bucket.Before = request =>
        {
            if (request.RequestUri!.Query.Contains("partNumber=2", StringComparison.Ordinal))
            {
                impatient.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.FlushAsync(impatient.Token));
        Assert.Equal((0, 0L), (_bucket.OpenUploads, _bucket.Uploads.Sent.Now));
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, _bucket.Find("f")!.Data);
    }

    private S3FileStore Open(Action<S3StoreOptions>? configure = null)
    {
        var options = new S3StoreOptions { Bucket = BucketServer.Name, PartSize = Part, ParallelParts = 2 };
        configure?.Invoke(options);
        return new S3FileStore(options, _bucket.Connect(), _log);
    }

    private int Heads() => _bucket.Requests.Count(static request => request.StartsWith("HEAD ", StringComparison.Ordinal));

    private Task PutAsync(string path, byte[] data) => ObjectStoreSteps.PutAsync(_store, path, data);

    private Task<byte[]> GetAsync(string path) => ObjectStoreSteps.GetAsync(_store, path, 20 << 20);

    private Task<IStoreFile> OpenAsync(string path, StoreAccess access = StoreAccess.ReadWrite) => ObjectStoreSteps.OpenAsync(_store, path, access);
}
