using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>The steps that tests of a store are made of; each fails the test when the store does not do as asked.</summary>
internal static class StoreSteps
{
    public static StorePath At(string path) => new(path);

    public static async Task<IStoreFile> OpenAsync(this IFileStore store, string path, StoreAccess access = StoreAccess.Read)
    {
        var opened = await store.OpenAsync(At(path), access, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    public static async Task<NtStatus> TryOpenAsync(this IFileStore store, string path, StoreAccess access = StoreAccess.Metadata)
    {
        var opened = await store.OpenAsync(At(path), access, CancellationToken.None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }

    public static async Task<IStoreFile> CreateAsync(this IFileStore store, string path, NewFile parameters = default)
    {
        var made = await store.CreateAsync(At(path), parameters, CancellationToken.None);
        Assert.Equal(NtStatus.Success, made.Status);
        return made.Value;
    }

    public static async Task<NtStatus> TryCreateAsync(this IFileStore store, string path, NewFile parameters = default)
    {
        var made = await store.CreateAsync(At(path), parameters, CancellationToken.None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    }

    public static async Task PutAsync(this IFileStore store, string path, params byte[] data)
    {
        await using var file = await store.CreateAsync(path);
        if (data.Length > 0)
        {
            await file.PutAsync(0, data);
        }
    }

    public static async Task PutDirectoryAsync(this IFileStore store, string path) =>
        await (await store.CreateAsync(path, new NewFile { IsDirectory = true })).DisposeAsync();

    public static async Task<byte[]> GetAsync(this IFileStore store, string path)
    {
        await using var file = await store.OpenAsync(path);
        return await file.GetAsync();
    }

    public static async Task PutAsync(this IStoreFile file, long offset, params byte[] data) =>
        Assert.Equal(NtStatus.Success, await file.WriteAsync(offset, new ReadOnlySequence<byte>(data), CancellationToken.None));

    public static async Task<byte[]> GetAsync(this IStoreFile file, long offset = 0, int count = 1 << 20)
    {
        var buffer = new byte[count];
        var read = await file.ReadAsync(offset, buffer, CancellationToken.None);
        Assert.Equal(NtStatus.Success, read.Status);
        return buffer[..read.Value];
    }

    public static async Task<FileMetadata> DescribeAsync(this IStoreFile file)
    {
        var metadata = await file.GetMetadataAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, metadata.Status);
        return metadata.Value;
    }

    public static async Task<FileMetadata> DescribeAsync(this IFileStore store, string path)
    {
        await using var file = await store.OpenAsync(path, StoreAccess.Metadata);
        return await file.DescribeAsync();
    }

    public static Task<NtStatus> RenameAsync(this IFileStore store, string from, string to, bool replace = false) =>
        store.RenameAsync(At(from), At(to), replace, CancellationToken.None).AsTask();

    public static Task<NtStatus> LinkAsync(this IFileStore store, string existing, string link, bool replace = false) =>
        store.LinkAsync(At(existing), At(link), replace, CancellationToken.None).AsTask();

    public static Task<NtStatus> DeleteAsync(this IFileStore store, string path) =>
        store.DeleteAsync(At(path), CancellationToken.None).AsTask();

    public static Task<NtStatus> ChangeAsync(this IStoreFile file, FileMetadataChange change) =>
        file.SetMetadataAsync(change, CancellationToken.None).AsTask();

    public static async Task<List<StoreEntry>> ListAsync(this IFileStore store, string path = "", int batch = 64)
    {
        await using var directory = await store.OpenAsync(path, StoreAccess.Metadata);
        return await directory.ListAsync(batch);
    }

    public static async Task<List<StoreEntry>> ListAsync(this IStoreFile directory, int batch = 64)
    {
        var started = await directory.ListAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, started.Status);
        await using var listing = started.Value;
        var all = new List<StoreEntry>();
        var entries = new StoreEntry[batch];
        while (true)
        {
            var read = await listing.ReadAsync(entries, CancellationToken.None);
            Assert.Equal(NtStatus.Success, read.Status);
            Assert.InRange(read.Value, 0, batch);
            if (read.Value == 0)
            {
                return all;
            }

            all.AddRange(entries[..read.Value]);
        }
    }
}
