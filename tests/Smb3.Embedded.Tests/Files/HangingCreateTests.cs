using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

/// <summary>One CREATE that the store does not answer: who else waits, and who does not.</summary>
public class HangingCreateTests
{
    private HangingStore _store = null!;
    private readonly TestVolume _volume;

    public HangingCreateTests() => _volume = new TestVolume(store => _store = new HangingStore(store));

    [Fact]
    public async Task Others_elsewhere_go_on_and_a_directory_elsewhere_is_renamed()
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("e", directory: true);
        await _volume.MakeAsync(@"e\f");
        var hanging = Hang(@"d\slow");
        var directory = await _volume.MakeDirectoryAsync("e");
        Assert.Equal(NtStatus.Success, await InTime(directory.RenameAsync("g", false, false, null, default)));
        Assert.Equal(NtStatus.Success, await InTime(_volume.StatusAsync(@"g\f")));
        Assert.Equal(NtStatus.Success, await InTime(_volume.StatusAsync(@"d\other", CreateDisposition.Create)));
        Assert.Equal(NtStatus.Success, await InTime(_volume.StatusAsync("d")));
        Assert.Equal(NtStatus.DirectoryNotEmpty, await InTime(DeleteAsync(directory)));
        await directory.CloseAsync();
        await EndAsync(hanging);
    }

    [Theory]
    [InlineData(@"d\slow", "d")]
    [InlineData(@"D\SLOW", "d")]
    [InlineData(@"d\deep\slow", "d")]
    [InlineData(@"d\deep\slow", @"d\DEEP")]
    [InlineData(@"d\slow:stream", "d")]
    [InlineData(@"{short}\slow", "directory with a long name")]
    public async Task The_rename_of_a_directory_waits_for_a_create_in_it(string slow, string renamed)
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync(@"d\deep", directory: true);
        await _volume.MakeAsync("directory with a long name", directory: true);
        slow = slow.Replace("{short}", "DIRECT~1", StringComparison.Ordinal);
        var hanging = Hang(slow);
        var directory = await _volume.MakeDirectoryAsync(renamed);
        var rename = directory.RenameAsync("new", false, false, null, default).AsTask();
        Assert.False(rename.IsCompleted);

        // Who comes to a name below waits behind it; the rest of the volume does not.
        var later = _volume.StatusAsync(renamed + @"\x", CreateDisposition.OpenIf);
        Assert.False(later.IsCompleted);
        Assert.Equal(NtStatus.Success, await InTime(_volume.StatusAsync("elsewhere", CreateDisposition.Create)));

        _store.Release();
        var made = await InTime(hanging);
        Assert.Equal(NtStatus.Success, made.Status);

        // What was made in it is open now, and that refuses the rename (MS-FSA 2.1.5.15.11).
        Assert.Equal(NtStatus.AccessDenied, await InTime(rename));
        Assert.Equal(NtStatus.Success, await InTime(later));
        await made.Open!.CloseAsync();
        Assert.Equal(NtStatus.Success, await InTime(directory.RenameAsync("new", false, false, null, default)));
        await directory.CloseAsync();
        AssertEmpty();
    }

    [Fact]
    public async Task A_directory_is_not_told_to_be_deleted_while_something_is_made_in_it()
    {
        await _volume.MakeAsync("d", directory: true);
        var hanging = Hang(@"d\slow", beforeStore: true);
        var directory = await _volume.MakeDirectoryAsync("d");
        var deletion = DeleteAsync(directory);
        Assert.False(deletion.IsCompleted);
        _store.Release();
        var made = await InTime(hanging);
        Assert.Equal(NtStatus.Success, made.Status);
        Assert.Equal(NtStatus.DirectoryNotEmpty, await InTime(deletion));
        await made.Open!.CloseAsync();
        await directory.CloseAsync();
        AssertEmpty();
    }

    [Fact]
    public async Task A_rename_that_waits_can_be_cancelled_and_stops_nobody_any_more()
    {
        await _volume.MakeAsync("d", directory: true);
        var hanging = Hang(@"d\slow");
        var directory = await _volume.MakeDirectoryAsync("d");
        using var patience = new CancellationTokenSource();
        var rename = directory.RenameAsync("new", false, false, null, patience.Token).AsTask();
        var later = _volume.StatusAsync(@"d\x", CreateDisposition.Create);
        Assert.False(later.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => InTime(rename));
        Assert.Equal(NtStatus.Success, await InTime(later));
        await directory.CloseAsync();
        await EndAsync(hanging);
    }

    private Task<CreateOutcome> Hang(string path, bool beforeStore = false)
    {
        _store.HangsAt = path[(path.LastIndexOf('\\') + 1)..].Split(':')[0];
        _store.HangsInCreate = beforeStore;
        var hanging = _volume.CreateAsync(path, CreateDisposition.Create);
        Assert.False(hanging.IsCompleted);
        _store.HangsAt = null;
        return hanging;
    }

    private async Task EndAsync(Task<CreateOutcome> hanging)
    {
        _store.Release();
        var made = await InTime(hanging);
        Assert.Equal(NtStatus.Success, made.Status);
        await made.Open!.CloseAsync();
        AssertEmpty();
    }

    private void AssertEmpty()
    {
        _volume.AssertEmpty();
        Assert.Equal(0, _volume.Volume.PathLocks.Count);
    }

    private static Task<T> InTime<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(20));

    private static Task<NtStatus> InTime(ValueTask<NtStatus> task) => InTime(task.AsTask());

    /// <summary>Does not answer an open, or a create, of one name until it is released.</summary>
    private sealed class HangingStore(IFileStore inner) : IFileStore
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string? HangsAt { get; set; }

        public bool HangsInCreate { get; set; }

        public StoreTraits Traits => inner.Traits;

        public void Release() => _released.SetResult();

        public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
        {
            if (!HangsInCreate && HangsAt is { } name && path.Name.SequenceEqual(name))
            {
                await _released.Task;
            }

            return await inner.OpenAsync(path, access, cancellationToken);
        }

        public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
        {
            if (HangsInCreate && HangsAt is { } name && path.Name.SequenceEqual(name))
            {
                await _released.Task;
            }

            return await inner.CreateAsync(path, parameters, cancellationToken);
        }

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            inner.CanDeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);
    }
}
