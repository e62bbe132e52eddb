using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>The steps of tests of stores over a service; each fails the test when the store does not do as asked.</summary>
internal static class ObjectStoreSteps
{
    public static byte[] Bytes(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    public static async Task<IStoreFile> OpenAsync(IFileStore store, string path, StoreAccess access = StoreAccess.Read)
    {
        var opened = await store.OpenAsync(new(path), access, default);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    public static async Task<IStoreFile> CreateAsync(IFileStore store, string path)
    {
        var made = await store.CreateAsync(new(path), default, default);
        Assert.Equal(NtStatus.Success, made.Status);
        return made.Value;
    }

    public static async Task WriteAsync(IStoreFile file, long offset, byte[] data) =>
        Assert.Equal(NtStatus.Success, await file.WriteAsync(offset, new ReadOnlySequence<byte>(data), default));

    public static async Task PutAsync(IFileStore store, string path, byte[] data)
    {
        await using var file = await CreateAsync(store, path);
        await WriteAsync(file, 0, data);
    }

    /// <summary>All of a file, which is no longer than <paramref name="most"/> bytes.</summary>
    public static async Task<byte[]> GetAsync(IFileStore store, string path, int most)
    {
        await using var file = await OpenAsync(store, path);
        var data = new byte[most];
        var read = await file.ReadAsync(0, data, default);
        Assert.Equal(NtStatus.Success, read.Status);
        return data[..read.Value];
    }

    public static async Task<List<StoreEntry>> ListAsync(IFileStore store, string path)
    {
        await using var folder = await OpenAsync(store, path);
        await using var listing = (await folder.ListAsync(default)).Value;
        var all = new List<StoreEntry>();
        var page = new StoreEntry[3];
        while (true)
        {
            var read = await listing.ReadAsync(page, default);
            Assert.Equal(NtStatus.Success, read.Status);
            if (read.Value == 0)
            {
                return all;
            }

            all.AddRange(page[..read.Value]);
            Assert.InRange(all.Count, 1, 1000);
        }
    }
}
