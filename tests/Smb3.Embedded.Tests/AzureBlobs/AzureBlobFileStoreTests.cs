using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Tests.ObjectServices;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.AzureBlobs;

/// <summary>What a share of a container does with failures, with others who change blobs, and with what others have made.</summary>
[SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public sealed class AzureBlobFileStoreTests : IAsyncLifetime
{
    private const int Block = 1 << 20;

    private readonly ContainerServer _container = new();
    private readonly RecordedLog<AzureBlobFileStore> _log = new();
    private AzureBlobFileStore _store = null!;

    public Task InitializeAsync()
    {
        _store = Open();
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        _store.Dispose();
        _container.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((2 * Block) + 12345)]
    public async Task What_is_written_comes_back_in_blocks_or_at_once(int length)
    {
        var data = Bytes(length);
        await PutAsync("f", data);
        Assert.Equal(data, _container.Find("f")!.Data);
        Assert.Equal(data, await GetAsync("f"));
        Assert.Equal(length > Block, _container.Requests.Contains("PUT f?comp"));
    }

    [Fact]
    public async Task Blocks_of_all_files_together_are_bounded()
    {
        _container.Before = static _ => Thread.Sleep(1);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => await PutAsync($"f{i}", Bytes((4 * Block) + i))));
        Assert.Equal(3, _container.Names.Length);
        Assert.InRange(_container.Uploads.Sent.Most, Block, (2 * Block) + 10_000);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(Block + 1)]
    public async Task What_others_put_is_not_overwritten(int length)
    {
        _container.Put("f", [1, 1, 1]);
        var file = await OpenAsync("f");
        await WriteAsync(file, 0, Bytes(length));
        _container.Put("f", [9, 9]);
        Assert.Equal(NtStatus.FileInvalid, await file.FlushAsync(default));
        Assert.Equal([9, 9], _container.Find("f")!.Data);
        await Assert.ThrowsAsync<IOException>(async () => await file.DisposeAsync());

        await using var again = await OpenAsync("f");
        await WriteAsync(again, 0, [7]);
        Assert.Equal(NtStatus.Success, await again.FlushAsync(default));
        Assert.Equal([7, 9], _container.Find("f")!.Data);
    }

    [Fact]
    public async Task A_name_that_another_took_at_the_same_moment_is_taken()
    {
        _container.Before = request =>
        {
            if (request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith("/f", StringComparison.Ordinal))
            {
                _container.Put("f", [1]);
            }
        };
        Assert.Equal(NtStatus.ObjectNameCollision, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal([1], _container.Find("f")!.Data);
    }

    [Fact]
    public async Task A_blob_that_another_leases_is_read_and_not_changed()
    {
        _container.Put("f", [1, 2, 3], "BlockBlob", "lease");
        Assert.Equal([1, 2, 3], await GetAsync("f"));
        var file = await OpenAsync("f");
        await WriteAsync(file, 0, [9]);
        Assert.Equal(NtStatus.SharingViolation, await file.FlushAsync(default));
        await Assert.ThrowsAsync<IOException>(async () => await file.DisposeAsync());
        Assert.Equal(NtStatus.SharingViolation, await _store.DeleteAsync(new("f"), default));
        Assert.Equal([1, 2, 3], _container.Find("f")!.Data);
        Assert.Null(_store.Problem);
    }

    [Theory]
    [InlineData("PageBlob")]
    [InlineData("AppendBlob")]
    public async Task Blobs_of_other_types_are_read_renamed_and_deleted_and_not_replaced(string type)
    {
        _container.Put("f", [1, 2, 3], type, null);
        Assert.Equal([1, 2, 3], await GetAsync("f"));
        var file = await OpenAsync("f");
        await WriteAsync(file, 0, [9]);
        Assert.Equal(NtStatus.AccessDenied, await file.FlushAsync(default));
        await Assert.ThrowsAsync<IOException>(async () => await file.DisposeAsync());
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal((type, 3), (_container.Find("g")!.Type, _container.Find("g")!.Data.Length));
        Assert.Equal(NtStatus.Success, await _store.DeleteAsync(new("g"), default));
        Assert.Empty(_container.Names);
    }

    [Fact]
    public async Task A_rename_is_copied_by_the_server_with_all_that_the_blob_carries()
    {
        _container.Put("a/page.html", [1, 2, 3], ("x-ms-blob-content-type", "text/html"), ("x-ms-meta-color", "blue"));
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("a\\page.html"), new("a\\new.html"), false, default));
        Assert.Equal(["a/", "a/new.html"], _container.Names);
        Assert.DoesNotContain("GET a/page.html", _container.Requests);
        var found = _container.Find("a/new.html")!;
        Assert.Equal(("text/html", "blue"), (found.Headers["x-ms-blob-content-type"], found.Headers["x-ms-meta-color"]));
    }

    [Fact]
    public async Task A_copy_that_takes_time_is_waited_for()
    {
        _container.Copies = ("pending", "success");
        _container.Put("f", [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal(["g"], _container.Names);
        Assert.Equal([1, 2, 3], _container.Find("g")!.Data);
    }

    [Fact]
    public async Task A_copy_that_fails_leaves_the_source_and_nothing_else()
    {
        _container.Copies = ("pending", "failed");
        _container.Put("f", [1, 2, 3]);
        Assert.Equal(NtStatus.IoDeviceError, await _store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal(["f"], _container.Names);
        Assert.Equal(0, _log.Count(3));
    }

    [Fact]
    public async Task A_copy_that_nobody_waits_for_is_taken_back_or_told()
    {
        foreach (var isRemovable in new[] { true, false })
        {
            _container.Copies = ("pending", "pending");
            _container.Put("f", [1, 2, 3]);
            using var impatient = new CancellationTokenSource();
            _container.Before = request =>
            {
                if (request.Method == HttpMethod.Head && _container.Find("g") is not null)
                {
                    impatient.Cancel();
                }
            };
            _container.Refuse = isRemovable ? null : static request => request.Method == HttpMethod.Delete ? (HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch") : null;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await _store.RenameAsync(new("f"), new("g"), false, impatient.Token));
            Assert.Equal(isRemovable ? ["f"] : ["f", "g"], _container.Names);
            Assert.Equal(isRemovable ? 0 : 1, _log.Count(3));
        }
    }

    /// <summary>As with a signature that the client keeps to itself: the data goes through this server then.</summary>
    [Fact]
    public async Task A_source_that_the_service_may_not_read_is_read_and_put()
    {
        _container.Put("f", [1, 2, 3]);
        _container.Refuse = static request => request.Headers.Contains("x-ms-copy-source") ? (HttpStatusCode.Forbidden, "CannotVerifyCopySource") : null;
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal([1, 2, 3], _container.Find("g")!.Data);
        Assert.Null(_container.Find("f"));
    }

    [Fact]
    public async Task Attributes_and_times_stay_beside_what_the_blob_carries_already_and_cost_a_listing_of_files_nothing()
    {
        _container.Put("page.html", [1, 2, 3], ("x-ms-blob-content-type", "text/html"), ("x-ms-meta-Color", "blue"));
        var time = FileTime.From(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using (var file = await OpenAsync("page.html", StoreAccess.Metadata))
        {
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(new() { LastWriteTime = time, Attributes = FileAttributes.Hidden }, default));
        }

        using var other = Open();
        _container.Requests.Clear();
        var listed = Assert.Single(await ObjectStoreSteps.ListAsync(other, ""));
        Assert.Equal((time, FileAttributes.Hidden, 3L), (listed.Metadata.LastWriteTime, listed.Metadata.Attributes, listed.Metadata.Length));
        Assert.Equal("GET ?comp&delimiter&include&maxresults&prefix&restype", Assert.Single(_container.Requests));
        var headers = _container.Find("page.html")!.Headers;
        Assert.Equal(("text/html", "blue"), (headers["x-ms-blob-content-type"], headers["x-ms-meta-color"]));
    }

    [Fact]
    public async Task Pages_tell_everything_once_in_whatever_order_the_names_are()
    {
        var names = PutMany();
        using var narrow = Open(static options => options.Objects = options.Objects with { PageSize = 2 });
        var listed = await ObjectStoreSteps.ListAsync(narrow, "x");
        Assert.Equal(names.Order(StringComparer.Ordinal), listed.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
        foreach (var name in names.Where(static name => !name.EndsWith("-dir", StringComparison.Ordinal)))
        {
            Assert.Equal([1], await GetAsync($"x\\{name}"));
        }
    }

    /// <summary>As after many other listings: from a place, or, of an older server, from the beginning.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_whose_marker_is_forgotten_is_found_again(bool knowsStart)
    {
        var names = PutMany();
        _container.KnowsStartFrom = knowsStart;
        foreach (var isFlat in new[] { true, false })
        {
            var told = new List<string>();
            for (IReadOnlyList<ObjectEntry> page = [default]; page.Count > 0; told.AddRange(page.Select(static entry => entry.Key)))
            {
                var behind = told.LastOrDefault(string.Empty);
                using var fresh = new AzureListing(_container.Connect(), new AzureBlobStoreOptions { KeepAttributes = false }, static (_, _) => throw new InvalidOperationException());
                page = await fresh.ReadAsync(
                    new ObjectQuery("x/", behind + (!isFlat && behind.EndsWith('/') ? "\U0010FFFF" : string.Empty), !isFlat, 2), default);
            }

            var expected = isFlat ? _container.Names : [.. names.Select(static name => $"x/{name}" + (name.EndsWith("-dir", StringComparison.Ordinal) ? "/" : string.Empty))];
            Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_long_listing_asks_once_for_each_page()
    {
        for (var i = 0; i < 100; i++)
        {
            _container.Put($"f{i:d3}", [1]);
        }

        using var narrow = Open(static options => options.Objects = options.Objects with { PageSize = 10 });
        _container.Requests.Clear();
        Assert.Equal(100, (await ObjectStoreSteps.ListAsync(narrow, "")).Count);
        Assert.Equal(10, _container.Requests.Count);
        Assert.Equal(9, _container.Requests.Count(static request => request.Contains("marker", StringComparison.Ordinal)));
    }

    /// <summary>The service drops a dot at the end of a name.</summary>
    [Fact]
    public async Task A_dot_at_the_end_is_kept_as_another_character()
    {
        await PutAsync("a\uF029", [1]);
        Assert.Equal(["a\uF029"], _container.Names);
        Assert.Equal("a\uF029", Assert.Single(await ObjectStoreSteps.ListAsync(_store, "")).Name);
        Assert.Equal([1], await GetAsync("a\uF029"));
        _container.Put("b.", [1]); // nobody can have made it
        Assert.Single(await ObjectStoreSteps.ListAsync(_store, ""));
    }

    [Fact]
    public async Task Names_that_the_service_cannot_have_are_refused()
    {
        _container.Put(string.Join('/', Enumerable.Repeat("a", 253)) + "/", []);
        var deepest = string.Join('\\', Enumerable.Repeat("a", 253));
        await using (await ObjectStoreSteps.CreateAsync(_store, deepest + "\\b"))
        {
        }

        Assert.Equal(NtStatus.Success, (await _store.CreateAsync(new(deepest + "\\c"), new NewFile { IsDirectory = true }, default)).Status);
        Assert.Equal(NtStatus.ObjectNameInvalid, (await _store.CreateAsync(new(deepest + "\\c\\d"), default, default)).Status);
        _container.Refuse = static request => request.Method == HttpMethod.Put ? (HttpStatusCode.BadRequest, "InvalidUri") : null;
        Assert.Equal(NtStatus.ObjectNameInvalid, (await _store.CreateAsync(new("f"), default, default)).Status);
    }

    [Fact]
    public async Task A_prefix_hides_the_rest_of_the_container()
    {
        _container.Put("other", [1]);
        _container.Put("teams/other", [1]);
        using var part = Open(static options => options.Prefix = "/team");
        await using (await CreateAsync(part, "f"))
        {
        }

        Assert.Equal(["f"], (await ListAsync(part, "")).Select(static entry => entry.Name));
        Assert.Equal(["other", "team/f", "teams/other"], _container.Names);
    }

    [Fact]
    public async Task An_upload_that_fails_changes_nothing_and_can_be_tried_again()
    {
        await using var file = await ObjectStoreSteps.CreateAsync(_store, "f");
        var data = Bytes((3 * Block) + 1);
        await WriteAsync(file, 0, data);
        var blocks = 0;
        _container.Refuse = request => request.RequestUri!.Query.Contains("blockid", StringComparison.Ordinal) && Interlocked.Increment(ref blocks) == 2
            ? (HttpStatusCode.InternalServerError, "InternalError") : null;
        Assert.Equal(NtStatus.IoDeviceError, await file.FlushAsync(default));
        Assert.Empty(_container.Find("f")!.Data);
        Assert.Contains("HTTP 500 (InternalError", _store.Problem, StringComparison.Ordinal);
        _container.Refuse = null;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, _container.Find("f")!.Data);
        Assert.Null(_store.Problem);
        Assert.Equal((1, 1), (_log.Count(1), _log.Count(2)));
    }

    [Theory]
    [InlineData(404, "ContainerNotFound", NtStatus.IoDeviceError, true)]
    [InlineData(403, "AuthenticationFailed", NtStatus.AccessDenied, true)]
    [InlineData(403, "AuthorizationFailure", NtStatus.AccessDenied, true)]
    [InlineData(403, "AuthorizationPermissionMismatch", NtStatus.AccessDenied, false)]
    [InlineData(409, "BlobImmutableDueToPolicy", NtStatus.AccessDenied, false)]
    [InlineData(412, "LeaseIdMissing", NtStatus.SharingViolation, false)]
    [InlineData(413, "RequestBodyTooLarge", NtStatus.FileTooLarge, false)]
    [InlineData(503, "ServerBusy", NtStatus.InsufficientResources, true)]
    [InlineData(500, "OperationTimedOut", NtStatus.InsufficientResources, true)]
    [InlineData(500, "InternalError", NtStatus.IoDeviceError, true)]
    public async Task Refusals_have_a_status_and_what_concerns_the_container_is_told(int status, string code, NtStatus expected, bool isProblem)
    {
        _container.Refuse = request => request.Method == HttpMethod.Put ? ((HttpStatusCode)status, code) : null;
        Assert.Equal(expected, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(isProblem, _store.Problem is not null);
        Assert.Equal(isProblem ? 1 : 0, _log.Count(1));
        _container.Refuse = null;
        await using (await ObjectStoreSteps.CreateAsync(_store, "f"))
        {
        }

        Assert.Null(_store.Problem);
    }

    [Fact]
    public async Task A_wrong_key_is_told()
    {
        using var wrong = new AzureBlobFileStore(new AzureBlobStoreOptions(), _container.Connect(Convert.ToBase64String("another"u8)));
        Assert.Equal(NtStatus.AccessDenied, (await wrong.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Contains("does not accept the key", wrong.Problem, StringComparison.Ordinal);
        Assert.Contains(ContainerServer.Name, wrong.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_trims_slashes_is_refused() => Assert.Contains(
        "TrimBlobNameSlashes", Assert.Throws<ArgumentException>(() => new AzureBlobFileStore(new(), _container.Connect(trims: true))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_server_that_is_not_there_is_a_status_and_no_fault()
    {
        _container.Before = static _ => throw new HttpRequestException("Connection refused");
        Assert.Equal(NtStatus.IoDeviceError, (await _store.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Contains("cannot be reached", _store.Problem, StringComparison.Ordinal);
        Assert.Equal(NtStatus.IoDeviceError, (await _store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(1, _log.Count(1)); // not once for each request
    }

    [Fact]
    public async Task Archived_data_is_refused_and_the_file_still_listed()
    {
        _container.Put("f", [1]);
        _container.Refuse = static request => request.Method == HttpMethod.Get && request.RequestUri!.AbsolutePath.EndsWith("/f", StringComparison.Ordinal)
            ? (HttpStatusCode.Conflict, "BlobArchived") : null;
        await using var file = await OpenAsync("f", StoreAccess.Read);
        Assert.Equal(NtStatus.FileNotAvailable, (await file.ReadAsync(0, new byte[1], default)).Status);
        Assert.Single(await ObjectStoreSteps.ListAsync(_store, ""));
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_leaves_nothing_under_way()
    {
        await using var file = await ObjectStoreSteps.CreateAsync(_store, "f");
        var data = Bytes((2 * Block) + 1);
        await WriteAsync(file, 0, data);
        using var impatient = new CancellationTokenSource();
        _container.Before = request =>
        {
            if (request.RequestUri!.Query.Contains("comp=block&", StringComparison.Ordinal))
            {
                impatient.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.FlushAsync(impatient.Token));
        Assert.Equal(0L, _container.Uploads.Sent.Now);
        _container.Before = null;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, _container.Find("f")!.Data);
    }

    private AzureBlobFileStore Open(Action<AzureBlobStoreOptions>? configure = null)
    {
        var options = new AzureBlobStoreOptions { BlockSize = Block, ParallelBlocks = 2 };
        configure?.Invoke(options);
        return new AzureBlobFileStore(options, _container.Connect(), _log);
    }

    private string[] PutMany()
    {
        string[] names = ["a.txt", "b c", "b+c%41", "d\ue000", "d\U0001F600", "Ä"];
        foreach (var name in names)
        {
            _container.Put("x/" + name, [1]);
            _container.Put($"x/{name}-dir/1", [1]);
            _container.Put($"x/{name}-dir/2", [1]);
        }

        return [.. names, .. names.Select(static name => name + "-dir")];
    }

    private Task PutAsync(string path, byte[] data) => ObjectStoreSteps.PutAsync(_store, path, data);

    private Task<byte[]> GetAsync(string path) => ObjectStoreSteps.GetAsync(_store, path, 5 << 20);

    private Task<IStoreFile> OpenAsync(string path, StoreAccess access = StoreAccess.ReadWrite) => ObjectStoreSteps.OpenAsync(_store, path, access);
}
