using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Tests.Protocol;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A deletion is promised only if the store says that it can be done; one that fails all the same is told to the administrator.</summary>
public class RefusedDeletionTests
{
    private readonly RefusingStore _store = new(new MemoryFileStore());
    private readonly TestVolume _volume;

    public RefusedDeletionTests() => _volume = new TestVolume(_ => _store);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_store_will_not_delete_no_client_is_told_to_be_deleted(bool directory)
    {
        await _volume.MakeAsync("f", directory);
        _store.Check = NtStatus.AccessDenied;
        var open = await _volume.OpenAsync("f");
        foreach (var posix in new[] { false, true })
        {
            Assert.Equal(NtStatus.AccessDenied, await DeleteAsync(open, posix));
            Assert.Equal(NtStatus.AccessDenied, await DeleteAsync(open, posix, ignoreReadOnly: true));
        }

        Assert.False(open.IsDeletePending);
        await open.CloseAsync();
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("f", options: CreateOptions.DeleteOnClose));
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("new", CreateDisposition.Create, CreateOptions.DeleteOnClose));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("new"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f"));
        Assert.Equal(0, _store.Deletions);
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Delete_on_close_that_is_set_later_is_asked_for_too()
    {
        var open = await _volume.OpenAsync("f", options: CreateOptions.DeleteOnClose);
        Assert.Equal(NtStatus.Success, await open.SetDispositionAsync(false, false, false, onClose: true, null, default));
        _store.Check = NtStatus.MediaWriteProtected;
        Assert.Equal(NtStatus.MediaWriteProtected, await open.SetDispositionAsync(true, false, false, onClose: true, null, default));
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f"));
    }

    [Fact]
    public async Task A_directory_that_only_looks_empty_is_not_promised_to_go_but_one_that_the_client_can_empty_is()
    {
        await _volume.MakeAsync("d", directory: true);
        _store.Check = NtStatus.DirectoryNotEmpty;
        Assert.Equal(NtStatus.DirectoryNotEmpty, await _volume.StatusAsync("d", options: CreateOptions.DeleteOnClose));
        _store.Check = null;
        await _volume.MakeAsync("d\\f");
        var open = await _volume.OpenAsync("d", options: CreateOptions.DeleteOnClose);
        await (await _volume.OpenAsync("d\\f", options: CreateOptions.DeleteOnClose)).CloseAsync();
        await open.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("d"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removal_that_fails_at_the_last_close_is_logged_and_counted_and_the_name_can_be_opened(bool throws)
    {
        var log = new RecordingLogger();
        using var metrics = new ServerMetrics(null);
        using var listener = new MeterListener();
        var counted = new List<object?>();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name == "smb.server.removal.failures")
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            lock (counted)
            {
                counted.Add(tags[0].Value);
            }
        });
        listener.Start();
        var store = new RefusingStore(new MemoryFileStore()) { Deletion = throws ? null : NtStatus.SharingViolation, Throws = throws };
        var volume = new TestVolume(store, new VolumeOptions { Logger = log, Metrics = metrics, Name = "/srv/files" });
        await volume.MakeAsync("f");
        var first = await volume.OpenAsync("f");
        var second = await volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await DeleteAsync(first, posix: true));
        if (throws)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await first.CloseAsync());
        }
        else
        {
            await first.CloseAsync();
        }

        Assert.False(second.IsDeletePending);
        Assert.Equal(NtStatus.Success, await volume.StatusAsync("f"));
        await second.CloseAsync();
        var line = Assert.Single(log.Entries, entry => entry.Level == LogLevel.Warning);
        var reason = throws ? NtStatus.UnexpectedIoError : NtStatus.SharingViolation;
        Assert.Contains("'f' of '/srv/files'", line.Text, StringComparison.Ordinal);
        Assert.Contains(reason.ToString(), line.Text, StringComparison.Ordinal);
        Assert.Contains(NtStatusNames.NameOf(reason), counted);
        volume.AssertEmpty();
    }

    [Fact]
    public async Task A_name_that_has_gone_already_is_no_failure()
    {
        var log = new RecordingLogger();
        var store = new RefusingStore(new MemoryFileStore());
        var volume = new TestVolume(store, new VolumeOptions { Logger = log });
        var open = await volume.OpenAsync("f");
        await store.DeleteAsync(new StorePath("f"), default);
        Assert.Equal(NtStatus.Success, await DeleteAsync(open));
        await open.CloseAsync();
        Assert.DoesNotContain(log.Entries, entry => entry.Level >= LogLevel.Warning);
        volume.AssertEmpty();
    }

    /// <summary>A store that answers as it is told, and else as what is beneath it.</summary>
    private sealed class RefusingStore(IFileStore inner) : IFileStore
    {
        public NtStatus? Check { get; set; }

        public NtStatus? Deletion { get; init; }

        public bool Throws { get; init; }

        public int Deletions { get; private set; }

        public StoreTraits Traits => inner.Traits;

        public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            inner.OpenAsync(path, access, cancellationToken);

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
        {
            Deletions++;
            StoreFaults.ThrowIf(Throws);
            return Deletion is { } status ? new(status) : inner.DeleteAsync(path, cancellationToken);
        }

        public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            Check is { } status ? new(status) : inner.CanDeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);
    }
}
