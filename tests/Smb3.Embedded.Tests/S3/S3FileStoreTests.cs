using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.S3;
using Smb3.Embedded.Tests.ObjectServices;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.S3;

/// <summary>The same of a bucket, and what servers of S3 differ in.</summary>
public sealed class S3FileStoreTests : ObjectServiceTests
{
    private readonly S3Service _service;
    private readonly BucketServer _bucket;

    public S3FileStoreTests()
        : this(new S3Service())
    {
    }

    private S3FileStoreTests(S3Service service)
        : base(service) => (_service, _bucket) = (service, service.Bucket);

    [Theory]
    [InlineData((int)Conditions.Unquoted)]
    [InlineData((int)Conditions.Ignored)]
    [InlineData((int)Conditions.NotImplemented)]
    public async Task What_others_put_is_not_overwritten_whatever_the_server_knows(int conditions)
    {
        _bucket.Conditions = (Conditions)conditions;
        await What_others_put_is_not_overwritten();
        Assert.Equal(_bucket.Conditions == Conditions.NotImplemented ? 1 : 0, _service.Log.Count(4));
    }

    [Fact]
    public async Task Keys_behind_what_stands_for_the_end_of_a_folder_are_told_with_it()
    {
        var names = PutMany();
        _bucket.Put("x/e\uFFFE", [1]);
        _bucket.Put("x/a.txt-dir/\U0010FFFFz", [1]);
        var listed = await ListAnewAsync("x", new ObjectUse(PageSize: 2));
        Assert.Equal(names.Append("e\uFFFE").Order(StringComparer.Ordinal), listed.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Large_objects_are_copied_by_parts()
    {
        ((S3FileStore)Store).Copies = (1000, 700);
        var data = Bytes(2000);
        _bucket.Put("f", data, ("content-type", "text/html"), ("x-amz-meta-color", "blue"));
        Assert.Equal(NtStatus.Success, await Store.RenameAsync(new("f"), new("g"), false, default));
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

        using var other = _service.Open();
        _bucket.Requests.Clear();
        Assert.Equal(5, (await ListAsync(other, "")).Count);
        Assert.Equal(5, Heads());
        Assert.Equal(5, (await ListAsync(other, "")).Count);
        Assert.Equal(5, Heads());

        // Another spelling is looked up in the names.
        await using (await ObjectStoreSteps.OpenAsync(other, "F3"))
        {
        }

        Assert.Equal(5 + 5, Heads()); // of F3 and F3/ by the path and by the name in the root, and of f3 itself
        _bucket.Put("f1", [1, 2, 3]);
        Assert.Contains(await ListAsync(other, ""), static entry => entry is { Name: "f1", Metadata.Length: 3 });
        Assert.Equal(5 + 5 + 1, Heads());
    }

    [Fact]
    public async Task Parts_that_cannot_be_removed_are_told()
    {
        var file = await CreateAsync(Store, "f");
        await WriteAsync(file, 0, Bytes(_service.PartSize + 1));
        _bucket.Refuse = static request => request.RequestUri!.Query.Contains("uploadId", StringComparison.Ordinal) ? (HttpStatusCode.Forbidden, "AccessDenied") : null;
        Assert.Equal(NtStatus.AccessDenied, await file.FlushAsync(default));
        Assert.Equal(1, _service.Log.Count(3));
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
    public Task Refusals_have_a_status_and_what_concerns_the_bucket_is_told(int status, string code, NtStatus expected, bool isProblem) =>
        AssertRefusedAsync(status, code, expected, isProblem);

    private int Heads() => _bucket.Requests.Count(static request => request.StartsWith("HEAD ", StringComparison.Ordinal));
}
