using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>A store of which nothing can be changed, whatever can be done to the one below, and by whatever handle.</summary>
public sealed class ReadOnlyStoreTests
{
    private readonly MemoryFileStore _below = new();

    [Fact]
    public async Task No_handle_changes_anything()
    {
        await _below.FileOfAsync("file", 3);
        await using (var below = await _below.OpenFileAsync("file"))
        {
            await (await below.NewStreamAsync("stream")).DisposeAsync();
        }

        var before = await DescribeAsync();
        await using (var handle = await _below.ReadOnly().OpenFileAsync("file", StoreAccess.Read))
        {
            Assert.All(await ChangesAsync(handle), status => Assert.Equal(NtStatus.MediaWriteProtected, status));
            await using var stream = (await ((IStreamedFile)handle).OpenStreamAsync("stream", StoreAccess.Read, CancellationToken.None)).Value;
            Assert.Equal("stream", stream.StreamName);
            Assert.All(await ChangesAsync(stream), status => Assert.Equal(NtStatus.MediaWriteProtected, status));
        }

        Assert.Equal(before, await DescribeAsync());
    }

    [Fact]
    public async Task Quotas_and_names_cannot_be_changed()
    {
        await _below.FileOfAsync("file", 3);
        var store = _below.ReadOnly();
        var quotas = Assert.IsAssignableFrom<IQuotaStore>(store);
        Assert.Equal(NtStatus.MediaWriteProtected, await quotas.SetQuotaSettingsAsync(new QuotaSettings { IsTracked = true }, CancellationToken.None));
        Assert.Equal(
            NtStatus.MediaWriteProtected, await quotas.SetQuotaAsync(QuotaSteps.Alice, new QuotaLimits(1, 1), CancellationToken.None));
        Assert.Equal(NtStatus.MediaWriteProtected, await store.CanDeleteAsync(new("file"), CancellationToken.None));
        Assert.Equal(NtStatus.MediaWriteProtected, await store.RemoveAsync("file"));
        Assert.Equal(NtStatus.MediaWriteProtected, await store.MoveAsync("file", "other"));
        Assert.Equal(NtStatus.MediaWriteProtected, await store.LinkAsync("file", "other"));
    }

    [Fact]
    public async Task What_changes_below_shows_and_snapshots_are_there()
    {
        var store = _below.ReadOnly();
        await _below.FileOfAsync("file", 3);
        _below.TakeSnapshot();
        Assert.Equal(NtStatus.Success, await _below.RemoveAsync("file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await store.StatusOfAsync("file"));
        var snapshots = Assert.IsAssignableFrom<ISnapshotStore>(store);
        var time = Assert.Single((await snapshots.ListSnapshotsAsync(CancellationToken.None)).Value);
        Assert.Equal(NtStatus.Success, await (await snapshots.OpenSnapshotAsync(time, CancellationToken.None)).Value.StatusOfAsync("file"));
    }

    private static async Task<NtStatus[]> ChangesAsync(IStoreFile handle)
    {
        var none = CancellationToken.None;
        var data = new ReadOnlySequence<byte>(new byte[1]);
        var source = handle;
        return
        [
            await handle.WriteAsync(0, data, none),
            await handle.SetLengthAsync(0, none),
            await handle.AllocateAsync(1, none),
            await handle.SetMetadataAsync(new FileMetadataChange { Attributes = FileAttributes.Hidden }, none),
            await ((ISecurableFile)handle).SetSecurityDescriptorAsync(QuotaSteps.Descriptor(QuotaSteps.Alice), none),
            await ((IExtendedAttributeFile)handle).SetExtendedAttributesAsync([new("name", new byte[1])], none),
            await ((ISparseFile)handle).SetSparseAsync(true, none),
            await ((ISparseFile)handle).ZeroAsync(0, 1, none),
            await ((ISparseFile)handle).TrimAsync(0, 1, none),
            await ((IErasingFile)handle).SetZeroOnDeallocationAsync(none),
            await ((ICopyTarget)handle).CopyFromAsync(source, 0, 1, 1, none),
            await ((ICloneTarget)handle).CloneFromAsync(source, 0, 4096, 4096, none),
            await ((ICompressibleFile)handle).SetCompressedAsync(true, none),
            await ((IReparseFile)handle).SetReparsePointAsync(new byte[8], none),
            await ((IReparseFile)handle).DeleteReparsePointAsync(none),
            await ((IObjectIdFile)handle).SetObjectIdAsync(new byte[64], none),
            await ((IPosixFile)handle).SetUnixModeAsync(UnixFileMode.UserRead, none),
            await ((IShortNameDirectory)handle).SetShortNamesAsync(new byte[1], none),
            (await ((IStreamedFile)handle).CreateStreamAsync("new", none)).Status,
            (await ((IStreamedFile)handle).OpenStreamAsync("stream", StoreAccess.ReadWrite, none)).Status,
            await ((IStreamedFile)handle).DeleteStreamAsync("stream", none),
            await ((IStreamedFile)handle).CanDeleteStreamAsync("stream", none),
            await ((IStreamedFile)handle).RenameStreamAsync("stream", "other", true, none),
            (await ((IUnnamedStreamFile)handle).RenameUnnamedStreamAsync("other", true, 0, none)).Status,
        ];
    }

    private async Task<FileMetadata> DescribeAsync()
    {
        await using var file = await _below.OpenFileAsync("file", StoreAccess.Metadata);
        return (await file.GetMetadataAsync(CancellationToken.None)).Value;
    }
}
