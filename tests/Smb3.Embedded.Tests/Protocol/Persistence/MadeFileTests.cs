using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>
/// A loss of power in a CREATE can leave the name of the file that it made without what the file is. Its record says that as long as it is so.
/// </summary>
public sealed class MadeFileTests : PersistentTest
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly HungCalls _calls = new() { IgnoreCancellation = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_it_lacks_it_gets_from_the_record_unless_it_is_another_file(bool isReplaced)
    {
        var (tree, request, running) = await BeginAsync();
        await Server.Volume.CommitAsync(); // for another request
        var record = Assert.Single(Journal.Records);
        Assert.True(record.FileId != 0 && record.Plan is { MakesFile: true });
        var left = Journal.Survivor();
        var memory = Server.Memory;
        _calls.Release();
        Assert.Equal(NtStatus.Success, (await running.ResponseAsync()).Status);
        await Server.DisposeAsync();

        // The power goes before the flush, and the attributes with it.
        if (isReplaced)
        {
            await memory.DeleteAsync(new StorePath("f"), None);
            await (await memory.CreateAsync(new StorePath("f"), new NewFile(), None)).Value.DisposeAsync();
        }

        await SetAttributesAsync(memory, FileAttributes.Hidden);
        Journal = left;
        StartSafe(memory);
        Assert.Equal(isReplaced ? FileAttributes.Hidden : FileAttributes.Archive, await AttributesAsync(memory));
        var next = await Server.ConnectToAsync("ca", Client);
        var again = await next.Session.CallAsync(Again(request, next));
        Assert.Equal(isReplaced ? NtStatus.ObjectNameCollision : NtStatus.Success, again.Status);
        Assert.All(Journal.Records, static one => Assert.Null(one.Plan));
    }

    [Fact]
    public async Task No_change_by_another_is_answered_that_the_record_would_undo()
    {
        var (_, _, running) = await BeginAsync();
        var other = await (await Server.ConnectToAsync("ca")).OpenAsync("f");
        var changing = other.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
            other.FileId, FileInformationClass.FileBasicInformation, SetBuffer.Basic(new BasicInformation { Attributes = FileAttributes.Hidden })));
        await Server.Volume.CommitAsync();
        await Task.Delay(200);
        Assert.False(changing.IsCompleted);
        Assert.NotNull(Assert.Single(Journal.Records).Plan);
        _calls.Release();
        (await changing).Expect(NtStatus.Success);
        Assert.Null(Assert.Single(Journal.Records).Plan);
        Assert.Equal(NtStatus.Success, (await running.ResponseAsync()).Status);
    }

    [Fact]
    public async Task One_whose_client_has_gone_holds_nobody_up()
    {
        var (tree, _, _) = await BeginAsync();
        var other = await (await Server.ConnectToAsync("ca")).OpenAsync("f");
        var writing = other.TryWriteAsync(0, [1]);
        await tree.Session.Connection.DisposeAsync();
        _calls.Release();
        Assert.Equal(NtStatus.Success, await writing.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    /// <summary>A CREATE that has made "f", which is still on its way to the disk.</summary>
    private async Task<(SmbTestTree Tree, SmbTestRequest Request, SmbTestCall Running)> BeginAsync()
    {
        StartSafe(memory: null);
        var tree = await Server.ConnectToAsync("ca", Client);
        var request = Create(tree, "f", Persistent(), disposition: CreateDisposition.Create);
        _calls.Hang("flush");
        var running = await tree.Session.Connection.SendAsync(request);
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the file is flushed");
        return (tree, request, running);
    }

    private void StartSafe(MemoryFileStore? memory) => Start(new TestServerOptions
    {
        Journal = Journal,
        WritesThrough = true,
        Store = store => new HangingStore(memory ?? store, _calls),
        Settings = new ServerSettings { TimeProvider = Clock },
    });

    private static async Task<FileAttributes> AttributesAsync(MemoryFileStore memory)
    {
        await using var file = (await memory.OpenAsync(new StorePath("f"), StoreAccess.Metadata, None)).Value;
        return (await file.GetMetadataAsync(None)).Value.Attributes;
    }

    private static async Task SetAttributesAsync(MemoryFileStore memory, FileAttributes attributes)
    {
        await using var file = (await memory.OpenAsync(new StorePath("f"), StoreAccess.ReadWrite, None)).Value;
        Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(new FileMetadataChange { Attributes = attributes }, None));
    }
}
