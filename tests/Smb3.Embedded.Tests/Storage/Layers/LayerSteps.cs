using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What tests of stores on stores do.</summary>
internal static class LayerSteps
{
    public static async Task<IStoreFile> OpenFileAsync(this IFileStore store, string path, StoreAccess access = StoreAccess.ReadWrite)
    {
        var opened = await store.OpenAsync(new(path), access, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    public static async Task<IStoreFile> NewFileAsync(this IFileStore store, string path, NewFile parameters = default)
    {
        var made = await store.CreateAsync(new(path), parameters, CancellationToken.None);
        Assert.Equal(NtStatus.Success, made.Status);
        return made.Value;
    }

    public static async Task NewFolderAsync(this IFileStore store, string path, ReadOnlyMemory<byte> descriptor = default) =>
        await (await store.NewFileAsync(path, new NewFile { IsDirectory = true, SecurityDescriptor = descriptor })).DisposeAsync();

    /// <summary>A new file of so many bytes.</summary>
    public static async Task FileOfAsync(this IFileStore store, string path, int length, byte value = 1)
    {
        await using var file = await store.NewFileAsync(path);
        Assert.Equal(NtStatus.Success, await file.FillAsync(0, length, value));
    }

    public static async Task<NtStatus> FillAsync(this IStoreFile file, long offset, int length, byte value = 1)
    {
        var data = new byte[length];
        data.AsSpan().Fill(value);
        return await file.WriteAsync(offset, new ReadOnlySequence<byte>(data), CancellationToken.None);
    }

    public static async Task<IStoreStream> NewStreamAsync(this IStoreFile file, string name)
    {
        var made = await Assert.IsAssignableFrom<IStreamedFile>(file).CreateStreamAsync(name, CancellationToken.None);
        Assert.Equal(NtStatus.Success, made.Status);
        return made.Value;
    }

    public static async Task<NtStatus> RemoveAsync(this IFileStore store, string path) => await store.DeleteAsync(new(path), CancellationToken.None);

    public static async Task<NtStatus> MoveAsync(this IFileStore store, string from, string to, bool replace = false) =>
        await store.RenameAsync(new(from), new(to), replace, CancellationToken.None);

    public static async Task<NtStatus> LinkAsync(this IFileStore store, string existing, string link, bool replace = false) =>
        await store.LinkAsync(new(existing), new(link), replace, CancellationToken.None);

    public static async Task<NtStatus> StatusOfAsync(this IFileStore store, string path, StoreAccess access = StoreAccess.Metadata)
    {
        var opened = await store.OpenAsync(new(path), access, CancellationToken.None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }

    public static async Task<byte[]> ReadAllAsync(this IFileStore store, string path)
    {
        await using var file = await store.OpenFileAsync(path, StoreAccess.Read);
        var buffer = new byte[1 << 20];
        return buffer[..(await file.ReadAsync(0, buffer, CancellationToken.None)).Value];
    }

    /// <summary>The paths of all files below a folder.</summary>
    public static async Task<List<string>> TreeAsync(this IFileStore store, string folder)
    {
        var all = new List<string>();
        await using var handle = await store.OpenFileAsync(folder, StoreAccess.Read);
        await using var listing = (await handle.ListAsync(CancellationToken.None)).Value;
        var entries = new StoreEntry[100];
        while ((await listing.ReadAsync(entries, CancellationToken.None)).Value is var read and > 0)
        {
            foreach (var entry in entries[..read])
            {
                var path = new StorePath(folder).Append(entry.Name).Text;
                if (entry.Metadata.IsDirectory)
                {
                    all.AddRange(await store.TreeAsync(path));
                }
                else
                {
                    all.Add(path);
                }
            }
        }

        all.Sort(StringComparer.Ordinal);
        return all;
    }

    public static async Task<long> FreeAsync(this IFileStore store) => (await store.GetVolumeAsync(CancellationToken.None)).Value.FreeBytes;

    /// <summary>What is free once all is counted: who removes a name waits for that.</summary>
    public static async Task<long> FreeAfterCountAsync(this IFileStore store)
    {
        Assert.Equal(NtStatus.ObjectNameNotFound, await store.RemoveAsync("there is no such name"));
        return await store.FreeAsync();
    }
}
