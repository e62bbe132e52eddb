using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;
using Xunit;
using static Smb3.Embedded.Tests.ObjectServices.ObjectStoreSteps;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>What a share of any service does with failures, with others who change objects, and with what others have made.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public abstract class ObjectServiceTests : IAsyncLifetime
{
    private readonly ObjectService _service;

    private protected ObjectServiceTests(ObjectService service)
    {
        _service = service;
        Store = service.Open();
    }

    private protected ObjectFileStore Store { get; }

    private protected string? Problem => ((IReportingStore)Store).Problem;

    private ObjectServer Server => _service.Server;

    private int Part => _service.PartSize;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        ((IDisposable)Store).Dispose();
        _service.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 12345)]
    public async Task What_is_written_comes_back_in_parts_or_at_once(int parts, int more)
    {
        var sent = 0;
        Server.Before = request => Interlocked.Add(ref sent, _service.IsPart(request) ? 1 : 0);
        var data = Bytes((parts * Part) + more);
        await PutAsync("f", data);
        Assert.Equal(data, Server.Find("f")!.Data);
        Assert.Equal(data, await GetAsync("f"));
        Assert.Equal(data.Length > Part ? parts + 1 : 0, sent);
        Assert.Equal(0, _service.OpenUploads);
    }

    [Fact]
    public async Task Parts_of_all_files_together_are_bounded()
    {
        Server.Before = static _ => Thread.Sleep(1);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i => await PutAsync($"f{i}", Bytes((2 * Part) + i))));
        Assert.Equal(3, Server.Keys.Length);
        Assert.InRange(Server.Uploads.Sent.Most, Part, (2 * (Part + _service.PartOverhead)) + 100_000);
    }

    [Fact]
    public async Task What_others_put_is_not_overwritten()
    {
        foreach (var (name, length) in new[] { ("f", 10), ("large", Part + 1) })
        {
            Server.Put(name, [1, 1, 1]);
            var file = await OpenAsync(name);
            await WriteAsync(file, 0, Bytes(length));
            Server.Put(name, [9, 9]);
            Assert.Equal(NtStatus.FileInvalid, await file.FlushAsync(default));
            Assert.Equal([9, 9], Server.Find(name)!.Data);
            await Assert.ThrowsAsync<IOException>(async () => await file.DisposeAsync());
            Assert.Equal(0, _service.OpenUploads);

            // And whoever opens it then can write.
            await using var again = await OpenAsync(name);
            await WriteAsync(again, 0, [7]);
            Assert.Equal(NtStatus.Success, await again.FlushAsync(default));
            Assert.Equal([7, 9], Server.Find(name)!.Data);
            await WriteAsync(again, 1, [8]);
            Assert.Equal(NtStatus.Success, await again.FlushAsync(default));
            Assert.Equal([7, 8], Server.Find(name)!.Data);
        }
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    public async Task A_name_that_another_took_at_the_same_moment_is_taken(bool keepsAttributes, int length)
    {
        var store = _service.Open(new ObjectUse(KeepsAttributes: keepsAttributes));
        using var storeUse = (IDisposable)store;
        Server.Before = request =>
        {
            if (request.Method == HttpMethod.Put && IsOf(request, "f"))
            {
                Server.Put("f", Bytes(length));
            }
        };
        Assert.Equal(NtStatus.ObjectNameCollision, (await store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(Bytes(length), Server.Find("f")!.Data);
    }

    /// <summary>The client of the service tries again, and its condition is refused because of what it has put itself.</summary>
    [Theory]
    [InlineData(0, 1000)]
    [InlineData(1, 1)]
    public async Task An_answer_that_is_lost_is_no_conflict_with_oneself(int parts, int more)
    {
        var store = _service.Open(new ObjectUse(Retries: 2));
        using var storeUse = (IDisposable)store;
        var losses = 0;
        string? version = null;
        Server.After = _ =>
        {
            if (Server.Find("f")?.Version != version)
            {
                version = Server.Find("f")!.Version;
                losses++;
                throw new HttpRequestException("The connection was reset.", new IOException("Connection reset"));
            }
        };
        var data = Bytes((parts * Part) + more);
        await using (var file = await CreateAsync(store, "f"))
        {
            await WriteAsync(file, 0, data);
            Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
            Assert.Equal(data, Server.Find("f")!.Data);
            await WriteAsync(file, 0, [7]);
            Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        }

        Assert.Equal((7, 3, 0), (Server.Find("f")!.Data[0], losses, _service.OpenUploads));
        Assert.Equal(0, _service.Log.Count(3)); // nothing is left
    }

    [Fact]
    public async Task A_rename_is_copied_by_the_server_with_all_that_the_object_carries()
    {
        var (type, color) = _service.Headers;
        Server.Put("a/page.html", [1, 2, 3], (type, "text/html"), (color, "blue"));
        Assert.Equal(NtStatus.Success, await Store.RenameAsync(new("a\\page.html"), new("a\\new.html"), false, default));
        Assert.Equal(["a/", "a/new.html"], Server.Keys);
        Assert.DoesNotContain(Server.Requests, static request => request.StartsWith("GET a/page", StringComparison.Ordinal));
        var found = Server.Find("a/new.html")!;
        Assert.Equal(("text/html", "blue"), (found.Headers[type], found.Headers[color]));
    }

    [Fact]
    public async Task Attributes_and_times_stay_beside_what_the_object_carries_already()
    {
        var (type, color) = _service.Headers;
        Server.Put("page.html", [1, 2, 3], (type, "text/html"), (color, "blue"));
        var time = FileTime.From(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using (var file = await OpenAsync("page.html", StoreAccess.Metadata))
        {
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(new() { LastWriteTime = time, Attributes = FileAttributes.Hidden }, default));
        }

        var listed = Assert.Single(await ListAnewAsync(""));
        Assert.Equal((time, FileAttributes.Hidden, 3L), (listed.Metadata.LastWriteTime, listed.Metadata.Attributes, listed.Metadata.Length));
        var headers = Server.Find("page.html")!.Headers;
        Assert.Equal(("text/html", "blue"), (headers[type], headers[color]));
    }

    [Fact]
    public async Task Pages_tell_everything_once_in_whatever_order_the_keys_are()
    {
        var names = PutMany();
        var listed = await ListAnewAsync("x", new ObjectUse(PageSize: 2));
        Assert.Equal(names.Order(StringComparer.Ordinal), listed.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
        foreach (var name in names.Where(static name => !name.EndsWith("-dir", StringComparison.Ordinal)))
        {
            Assert.Equal([1], await GetAsync($"x\\{name}"));
        }
    }

    [Fact]
    public async Task A_prefix_hides_the_rest()
    {
        Server.Put("other", [1]);
        Server.Put("teams/other", [1]);
        var part = _service.Open(new ObjectUse("/team"));
        using var partUse = (IDisposable)part;
        await using (await CreateAsync(part, "f"))
        {
        }

        Assert.Equal(["f"], (await ListAsync(part, "")).Select(static entry => entry.Name));
        Assert.Equal(["other", "team/f", "teams/other"], Server.Keys);
    }

    /// <summary>Objects are as other programs would put them, and a listing is one request.</summary>
    [Fact]
    public async Task Without_attributes_nothing_is_put_beside_the_data_and_nothing_asked_for()
    {
        var store = _service.Open(new ObjectUse(KeepsAttributes: false));
        using var storeUse = (IDisposable)store;
        Assert.False(store.Traits.Has(StoreAbilities.DosAttributes));
        await using (var file = await CreateAsync(store, "f"))
        {
            await WriteAsync(file, 0, [1, 2, 3]);
            var hidden = new FileMetadataChange { Attributes = FileAttributes.Hidden, LastWriteTime = new FileTime(1) };
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(hidden, default));
        }

        var kept = Server.Find("f")!;
        Assert.Equal([1, 2, 3], kept.Data);
        Assert.DoesNotContain(kept.Headers, header => header.Key.StartsWith(_service.MetadataPrefix, StringComparison.OrdinalIgnoreCase));
        Server.Requests.Clear();
        var listed = Assert.Single(await ListAsync(store, ""));
        Assert.Equal(default, listed.Metadata.Attributes & FileAttributes.Hidden);
        Assert.NotEqual(new FileTime(1), listed.Metadata.LastWriteTime);
        Assert.DoesNotContain(Server.Requests, static request => request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_upload_that_fails_leaves_no_parts_changes_nothing_and_can_be_tried_again()
    {
        await using var file = await CreateAsync(Store, "f");
        var data = Bytes((3 * Part) + 1);
        await WriteAsync(file, 0, data);
        var parts = 0;
        Server.Refuse = request => _service.IsPart(request) && Interlocked.Increment(ref parts) == 2 ? (HttpStatusCode.InternalServerError, "InternalError") : null;
        Assert.Equal(NtStatus.IoDeviceError, await file.FlushAsync(default));
        Assert.Equal(0, _service.OpenUploads);
        Assert.Empty(Server.Find("f")!.Data);
        Assert.Contains("HTTP 500 (InternalError", Problem, StringComparison.Ordinal);
        Server.Refuse = null;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, Server.Find("f")!.Data);
        Assert.Null(Problem);
        Assert.Equal((1, 1), (_service.Log.Count(1), _service.Log.Count(2)));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_status_and_no_fault()
    {
        Server.Before = static _ => throw new HttpRequestException("Connection refused");
        Assert.Equal(NtStatus.IoDeviceError, (await Store.OpenAsync(new("f"), StoreAccess.Read, default)).Status);
        Assert.Contains("cannot be reached", Problem, StringComparison.Ordinal);
        Assert.Contains(_service.Name, Problem, StringComparison.Ordinal);
        Assert.Equal(NtStatus.IoDeviceError, (await Store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(1, _service.Log.Count(1)); // not once for each request
    }

    [Fact]
    public async Task Archived_data_is_refused_and_the_file_still_listed()
    {
        Server.Put("f", [1]);
        Server.Refuse = request => request.Method == HttpMethod.Get && IsOf(request, "f") ? _service.Archived : null;
        await using var file = await OpenAsync("f", StoreAccess.Read);
        Assert.Equal(NtStatus.FileNotAvailable, (await file.ReadAsync(0, new byte[1], default)).Status);
        Assert.Single(await ListAsync(Store, ""));
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_leaves_nothing_under_way()
    {
        await using var file = await CreateAsync(Store, "f");
        var data = Bytes((2 * Part) + 1);
        await WriteAsync(file, 0, data);
        using var impatient = new CancellationTokenSource();
        var parts = 0;
        Server.Before = request =>
        {
            if (_service.IsPart(request) && Interlocked.Increment(ref parts) == 2)
            {
                impatient.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await file.FlushAsync(impatient.Token));
        Assert.Equal((0, 0L), (_service.OpenUploads, Server.Uploads.Sent.Now));
        Server.Before = null;
        Assert.Equal(NtStatus.Success, await file.FlushAsync(default));
        Assert.Equal(data, Server.Find("f")!.Data);
    }

    private protected static bool IsOf(HttpRequestMessage request, string key) =>
        request.RequestUri!.AbsolutePath.EndsWith('/' + key, StringComparison.Ordinal);

    /// <summary>What a put that is refused is to clients, and whether the service is told to be the problem.</summary>
    private protected async Task AssertRefusedAsync(int status, string code, NtStatus expected, bool isProblem)
    {
        Server.Refuse = request => request.Method == HttpMethod.Put ? ((HttpStatusCode)status, code) : null;
        Assert.Equal(expected, (await Store.CreateAsync(new("f"), default, default)).Status);
        Assert.Equal(isProblem, Problem is not null);
        Assert.Equal(isProblem ? 1 : 0, _service.Log.Count(1));
        Server.Refuse = null;
        await using (await CreateAsync(Store, "f"))
        {
        }

        Assert.Null(Problem);
    }

    /// <summary>Puts files and folders in x, whose names services order and write in different ways, and tells them.</summary>
    private protected string[] PutMany()
    {
        string[] names = ["a.txt", "b c", "b+c%41", "d\ue000", "d\U0001F600", "Ä"];
        foreach (var name in names)
        {
            Server.Put("x/" + name, [1]);
            Server.Put($"x/{name}-dir/1", [1]);
            Server.Put($"x/{name}-dir/2", [1]);
        }

        return [.. names, .. names.Select(static name => name + "-dir")];
    }

    /// <summary>By a store that knows nothing yet.</summary>
    private protected async Task<List<StoreEntry>> ListAnewAsync(string path, ObjectUse? use = null)
    {
        var store = _service.Open(use);
        using var storeUse = (IDisposable)store;
        return await ListAsync(store, path);
    }

    private protected Task PutAsync(string path, byte[] data) => ObjectStoreSteps.PutAsync(Store, path, data);

    private protected Task<byte[]> GetAsync(string path) => ObjectStoreSteps.GetAsync(Store, path, 4 * Part);

    private protected Task<IStoreFile> OpenAsync(string path, StoreAccess access = StoreAccess.ReadWrite) => ObjectStoreSteps.OpenAsync(Store, path, access);
}
