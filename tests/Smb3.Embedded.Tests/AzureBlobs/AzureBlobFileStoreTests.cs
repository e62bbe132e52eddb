using System.Net;
using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Tests.ObjectServices;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.AzureBlobs;

/// <summary>The same of a container, and what only blobs of Azure have: types, leases, copies that take time, markers, names.</summary>
public sealed class AzureBlobFileStoreTests : ObjectServiceTests
{
    private readonly AzureService _service;
    private readonly ContainerServer _container;

    public AzureBlobFileStoreTests()
        : this(new AzureService())
    {
    }

    private AzureBlobFileStoreTests(AzureService service)
        : base(service) => (_service, _container) = (service, service.Container);

    [Fact]
    public async Task Attributes_and_times_cost_a_listing_of_files_nothing()
    {
        var time = FileTime.From(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using (var file = await CreateAsync(Store, "f"))
        {
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(new() { LastWriteTime = time, Attributes = FileAttributes.Hidden }, default));
        }

        _container.Requests.Clear();
        var listed = Assert.Single(await ListAnewAsync(""));
        Assert.Equal((time, FileAttributes.Hidden), (listed.Metadata.LastWriteTime, listed.Metadata.Attributes));
        Assert.Equal("GET ?comp&delimiter&include&maxresults&prefix&restype", Assert.Single(_container.Requests));
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
        Assert.Equal(NtStatus.SharingViolation, await Store.DeleteAsync(new("f"), default));
        Assert.Equal([1, 2, 3], _container.Find("f")!.Data);
        Assert.Null(Problem);
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
        Assert.Equal(NtStatus.Success, await Store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal((type, 3), (_container.Find("g")!.Type, _container.Find("g")!.Data.Length));
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync(new("g"), default));
        Assert.Empty(_container.Keys);
    }

    [Fact]
    public async Task A_copy_that_takes_time_is_waited_for()
    {
        _container.Copies = ("pending", "success");
        _container.Put("f", [1, 2, 3]);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal(["g"], _container.Keys);
        Assert.Equal([1, 2, 3], _container.Find("g")!.Data);
    }

    [Fact]
    public async Task A_copy_that_fails_leaves_the_source_and_nothing_else()
    {
        _container.Copies = ("pending", "failed");
        _container.Put("f", [1, 2, 3]);
        Assert.Equal(NtStatus.IoDeviceError, await Store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal(["f"], _container.Keys);
        Assert.Equal(0, _service.Log.Count(3));
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
                async () => await Store.RenameAsync(new("f"), new("g"), false, impatient.Token));
            Assert.Equal(isRemovable ? ["f"] : ["f", "g"], _container.Keys);
            Assert.Equal(isRemovable ? 0 : 1, _service.Log.Count(3));
        }
    }

    /// <summary>As with a signature that the client keeps to itself: the data goes through this server then.</summary>
    [Fact]
    public async Task A_source_that_the_service_may_not_read_is_read_and_put()
    {
        _container.Put("f", [1, 2, 3]);
        _container.Refuse = static request => request.Headers.Contains("x-ms-copy-source") ? (HttpStatusCode.Forbidden, "CannotVerifyCopySource") : null;
        Assert.Equal(NtStatus.Success, await Store.RenameAsync(new("f"), new("g"), false, default));
        Assert.Equal([1, 2, 3], _container.Find("g")!.Data);
        Assert.Null(_container.Find("f"));
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

            var expected = isFlat ? _container.Keys : [.. names.Select(static name => $"x/{name}" + (name.EndsWith("-dir", StringComparison.Ordinal) ? "/" : string.Empty))];
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

        using var narrow = _service.Open(new ObjectUse(PageSize: 10));
        _container.Requests.Clear();
        Assert.Equal(100, (await ListAsync(narrow, "")).Count);
        Assert.Equal(10, _container.Requests.Count);
        Assert.Equal(9, _container.Requests.Count(static request => request.Contains("marker", StringComparison.Ordinal)));
    }

    /// <summary>The service drops a dot at the end of a name.</summary>
    [Fact]
    public async Task A_dot_at_the_end_is_kept_as_another_character()
    {
        await PutAsync("a\uF029", [1]);
        Assert.Equal(["a\uF029"], _container.Keys);
        Assert.Equal("a\uF029", Assert.Single(await ListAsync(Store, "")).Name);
        Assert.Equal([1], await GetAsync("a\uF029"));
        _container.Put("b.", [1]); // nobody can have made it
        Assert.Single(await ListAsync(Store, ""));
    }

    [Fact]
    public async Task Names_that_the_service_cannot_have_are_refused()
    {
        _container.Put(string.Join('/', Enumerable.Repeat("a", 253)) + "/", []);
        var deepest = string.Join('\\', Enumerable.Repeat("a", 253));
        await using (await CreateAsync(Store, deepest + "\\b"))
        {
        }

        Assert.Equal(NtStatus.Success, (await Store.CreateAsync(new(deepest + "\\c"), new NewFile { IsDirectory = true }, default)).Status);
        Assert.Equal(NtStatus.ObjectNameInvalid, (await Store.CreateAsync(new(deepest + "\\c\\d"), default, default)).Status);
        _container.Refuse = static request => request.Method == HttpMethod.Put ? (HttpStatusCode.BadRequest, "InvalidUri") : null;
        Assert.Equal(NtStatus.ObjectNameInvalid, (await Store.CreateAsync(new("f"), default, default)).Status);
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
    public Task Refusals_have_a_status_and_what_concerns_the_container_is_told(int status, string code, NtStatus expected, bool isProblem) =>
        AssertRefusedAsync(status, code, expected, isProblem);

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
}
