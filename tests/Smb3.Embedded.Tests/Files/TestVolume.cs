using System.Buffers;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A volume over memory with a clock that stands still, and short ways to open files on it.</summary>
internal sealed class TestVolume
{
    public const FileAccessMask All = FileAccessMask.FileAllAccess;

    public static readonly FileCaller Alice = NewCaller(1001);
    public static readonly FileCaller Bob = NewCaller(1002);

    /// <summary>Bob, who administers the server.</summary>
    public static readonly FileCaller Administrator = NewCaller(1002, TokenGroup.Enabled(WellKnownSids.Administrators));

    public TestVolume(
        Func<IFileStore, IFileStore>? wrap = null, FakeTimeProvider? clock = null, int sortedListingLimit = 4096,
        Func<VolumeOptions, VolumeOptions>? configure = null)
    {
        Clock = clock ?? new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        IFileStore store = Memory = new MemoryFileStore(new MemoryFileStoreOptions { Time = Clock, Capacity = 1 << 30 });
        var options = new VolumeOptions { Time = Clock, SortedListingLimit = sortedListingLimit };
        Volume = new Volume(wrap?.Invoke(store) ?? store, configure?.Invoke(options) ?? options);
    }

    public TestVolume(IFileStore store, VolumeOptions options)
    {
        Clock = new FakeTimeProvider();
        Volume = new Volume(store, options with { Time = Clock });
    }

    public FakeTimeProvider Clock { get; }

    public Volume Volume { get; }

    /// <summary>Where the files are, unless the test has brought a store of its own.</summary>
    public MemoryFileStore? Memory { get; }

    public async Task<CreateOutcome> CreateAsync(
        string path,
        CreateDisposition disposition = CreateDisposition.OpenIf,
        FileAccessMask access = All,
        ShareAccess share = ShareAccess.All,
        CreateOptions options = CreateOptions.None,
        FileAttributes attributes = 0,
        FileCaller? caller = null,
        FileAccessMask shareAccess = All,
        ReadOnlyMemory<byte> descriptor = default,
        Guid client = default) =>
        await Volume.CreateAsync(
            new CreateParameters
            {
                Path = path,
                Caller = caller ?? Alice,
                ClientGuid = client,
                DesiredAccess = access,
                ShareAccess = share,
                Disposition = disposition,
                Options = options,
                Attributes = attributes,
                ShareMaximalAccess = shareAccess,
                SecurityDescriptor = descriptor,
            },
            CancellationToken.None);

    public async Task<FileOpen> OpenAsync(
        string path,
        CreateDisposition disposition = CreateDisposition.OpenIf,
        FileAccessMask access = All,
        ShareAccess share = ShareAccess.All,
        CreateOptions options = CreateOptions.None,
        FileAttributes attributes = 0)
    {
        var outcome = await CreateAsync(path, disposition, access, share, options, attributes);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }

    public async Task<FileOpen> MakeDirectoryAsync(string path) => await OpenAsync(path, options: CreateOptions.DirectoryFile);

    public async Task MakeAsync(string path, bool directory = false, FileAttributes attributes = 0)
    {
        var options = directory ? CreateOptions.DirectoryFile : CreateOptions.NonDirectoryFile;
        await (await OpenAsync(path, CreateDisposition.Create, options: options, attributes: attributes)).CloseAsync();
    }

    public async Task<NtStatus> StatusAsync(
        string path, CreateDisposition disposition = CreateDisposition.Open, CreateOptions options = 0, FileAccessMask access = All)
    {
        var outcome = await CreateAsync(path, disposition, access, options: options);
        if (outcome.Open is { } open)
        {
            await open.CloseAsync();
        }

        return outcome.Status;
    }

    public static async Task<NtStatus> WriteAsync(FileOpen open, long offset, params byte[] data) =>
        await open.WriteAsync(offset, new ReadOnlySequence<byte>(data), writeThrough: false, CancellationToken.None);

    public static async Task<NtResult<int>> ReadAsync(FileOpen open, long offset, int length, uint minimum = 0) =>
        await open.ReadAsync(offset, new byte[length], minimum, CancellationToken.None);

    public static async Task<FileMetadata> MetadataAsync(FileOpen open)
    {
        var metadata = await open.GetMetadataAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, metadata.Status);
        return metadata.Value;
    }

    public static async Task<NtStatus> DeleteAsync(FileOpen open, bool posix = false, bool ignoreReadOnly = false) =>
        await open.SetDispositionAsync(true, posix, ignoreReadOnly, onClose: false, null, CancellationToken.None);

    public void AssertEmpty()
    {
        Assert.Equal(0, Volume.OpenCount);
        Assert.Equal(0, Volume.OpenFiles.Count);
    }

    /// <summary>A user with groups beside those that every user is in.</summary>
    public static FileCaller NewCaller(uint rid, params ReadOnlySpan<TokenGroup> groups) =>
        new(AuthorizationContext.ForAccount(new Sid(5, 21, 1, 2, 3, rid), WellKnownSids.Users, groups));
}
