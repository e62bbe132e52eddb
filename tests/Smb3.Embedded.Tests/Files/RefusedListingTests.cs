using System.Buffers;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A directory that cannot be listed, or not to its end, is never shown as one with less in it.</summary>
public class RefusedListingTests
{
    private readonly ListingStore _store = new(new MemoryFileStore());
    private readonly TestVolume _volume;

    public RefusedListingTests() => _volume = new TestVolume(_ => _store);

    [Fact]
    public async Task What_may_not_be_listed_is_refused_when_it_is_opened_for_it_and_otherwise_not()
    {
        await _volume.MakeAsync("d", directory: true);
        _store.RefusesOpen = true;
        const FileAccessMask Look = FileAccessMask.ReadAttributes | FileAccessMask.Synchronize;
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("d", access: Look | FileAccessMask.ListDirectory));
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("d", access: FileAccessMask.GenericRead));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("d", access: Look));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("d", access: Look | FileAccessMask.AddFile));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("d", access: Look | FileAccessMask.Traverse));
        var most = await _volume.OpenAsync("d", access: FileAccessMask.MaximumAllowed);
        Assert.False(most.HasAny(FileAccessMask.ListDirectory));
        Assert.True(most.HasAny(FileAccessMask.AddFile));
        await most.CloseAsync();
    }

    [Fact]
    public async Task The_most_that_is_allowed_of_a_file_is_what_the_medium_allows()
    {
        await _volume.MakeAsync("f");
        _store.RefusesOpen = true;
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("f", access: FileAccessMask.WriteData));
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("f", access: FileAccessMask.MaximumAllowed | FileAccessMask.ReadData));
        var most = await _volume.OpenAsync("f", access: FileAccessMask.MaximumAllowed);
        Assert.False(most.HasAny(FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.AppendData));
        await most.CloseAsync();
    }

    [Fact]
    public async Task The_refusal_is_the_first_that_a_listing_says()
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("d\\f");
        var open = await _volume.OpenAsync("d");
        _store.RefusesListing = true;
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((0, NtStatus.AccessDenied), await ReadAsync(open));
        }

        _store.RefusesListing = false;
        Assert.Equal((3, NtStatus.NoMoreFiles), await ReadAsync(open));
        await open.CloseAsync();
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(2)]
    public async Task An_error_on_the_way_is_told_each_time(int sortedLimit)
    {
        var volume = new TestVolume(_ => _store, sortedListingLimit: sortedLimit);
        await volume.MakeAsync("d", directory: true);
        for (var i = 0; i < 100; i++)
        {
            await volume.MakeAsync($"d\\{i}");
        }

        _store.FailsBehind = 70;
        var open = await volume.OpenAsync("d");
        var (count, status) = await ReadAsync(open);
        Assert.Equal(NtStatus.UnexpectedIoError, status);
        Assert.True(count < 100);
        Assert.Equal(NtStatus.UnexpectedIoError, (await ReadAsync(open)).Status);
        await open.CloseAsync();
    }

    private static async Task<(int Count, NtStatus Status)> ReadAsync(FileOpen open)
    {
        var started = await open.QueryDirectoryAsync("*", restart: false, reopen: false, after: null, default);
        Assert.Equal(NtStatus.Success, started.Status);
        using var query = started.Value;
        for (var count = 0; ; count++)
        {
            var status = await query.PeekAsync(default);
            if (status != NtStatus.Success)
            {
                return (count, status);
            }

            query.Advance();
        }
    }

    /// <summary>A store whose directories cannot be listed when a test wants it so.</summary>
    private sealed class ListingStore(IFileStore inner) : IFileStore
    {
        public bool RefusesOpen { get; set; }

        public bool RefusesListing { get; set; }

        public int FailsBehind { get; set; } = int.MaxValue;

        public StoreTraits Traits => inner.Traits with { Abilities = StoreAbilities.None };

        public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
        {
            if (RefusesOpen && access != StoreAccess.Metadata)
            {
                return NtStatus.AccessDenied;
            }

            var opened = await inner.OpenAsync(path, access, cancellationToken);
            return opened.Succeeded ? new ListedFile(opened.Value, this) : opened;
        }

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);
    }

    private sealed class ListedFile(IStoreFile file, ListingStore store) : IStoreFile
    {
        public StorePath Path => file.Path;

        public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
            file.GetMetadataAsync(cancellationToken);

        public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
            file.SetMetadataAsync(change, cancellationToken);

        public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
            file.ReadAsync(offset, buffer, cancellationToken);

        public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
            file.WriteAsync(offset, data, cancellationToken);

        public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
            file.SetLengthAsync(length, cancellationToken);

        public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

        public async ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
        {
            if (store.RefusesListing)
            {
                return NtStatus.AccessDenied;
            }

            var listing = await file.ListAsync(cancellationToken);
            return listing.Succeeded ? new Listing(listing.Value, store.FailsBehind) : listing;
        }

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }

    private sealed class Listing(IStoreListing listing, int most) : IStoreListing
    {
        private int _left = most;

        public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
        {
            if (_left == 0)
            {
                return NtStatus.UnexpectedIoError;
            }

            var read = await listing.ReadAsync(entries[..Math.Min(entries.Length, _left)], cancellationToken);
            _left -= read.Succeeded ? read.Value : 0;
            return read;
        }

        public ValueTask DisposeAsync() => listing.DisposeAsync();
    }
}
