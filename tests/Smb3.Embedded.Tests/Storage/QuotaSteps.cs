using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What tests of quotas do with files that belong to somebody.</summary>
internal static class QuotaSteps
{
    public static Sid Alice { get; } = Sid.Parse("S-1-5-21-1-2-3-1001");

    public static Sid Bob { get; } = Sid.Parse("S-1-5-21-1-2-3-1002");

    public static async Task<IStoreFile> NewAsync(
        PhysicalFileStore store, string path, Sid? owner, long allocation = 0, bool isDirectory = false) =>
        (await store.CreateAsync(
            new(path), Owned(owner) with { AllocationSize = allocation, IsDirectory = isDirectory }, CancellationToken.None)).Value;

    public static Task<IStoreFile> NewAsync(PhysicalFileStore store, string path, long allocation = 0, bool isDirectory = false) =>
        NewAsync(store, path, Alice, allocation, isDirectory);

    public static NewFile Owned(Sid? owner) => new() { SecurityDescriptor = owner is null ? default : Descriptor(owner) };

    /// <summary>A self-relative descriptor with nothing but an owner (MS-DTYP 2.4.6).</summary>
    public static byte[] Descriptor(Sid? owner)
    {
        var descriptor = new byte[20 + (owner?.BinaryLength ?? 0)];
        descriptor[0] = 1;
        descriptor[3] = 0x80;
        if (owner is not null)
        {
            descriptor[4] = 20;
            owner.WriteTo(descriptor.AsSpan(20));
        }

        return descriptor;
    }

    public static async Task WithAsync(IStoreFile file, Func<IStoreFile, Task> use)
    {
        await using (file)
        {
            await use(file);
        }
    }

    public static async Task StreamAsync(IStoreFile file, string name, int length)
    {
        await using var stream = (await ((IStreamedFile)file).CreateStreamAsync(name, CancellationToken.None)).Value;
        await stream.PutAsync(0, new byte[length]);
    }

    public static async Task OwnerAsync(IStoreFile file, Sid owner) => Assert.Equal(
        NtStatus.Success, await ((ISecurableFile)file).SetSecurityDescriptorAsync(Descriptor(owner), CancellationToken.None));

    public static async Task LengthAsync(IStoreFile file, long length) =>
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(length, CancellationToken.None));

    public static async Task DeleteAsync(PhysicalFileStore store, string path) =>
        Assert.Equal(NtStatus.Success, await store.DeleteAsync(new(path), CancellationToken.None));

    public static async Task LinkAsync(PhysicalFileStore store, string existing, string link) =>
        Assert.Equal(NtStatus.Success, await store.LinkAsync(new(existing), new(link), replace: true, CancellationToken.None));

    public static async Task RenameAsync(PhysicalFileStore store, string from, string to) =>
        Assert.Equal(NtStatus.Success, await store.RenameAsync(new(from), new(to), replace: true, CancellationToken.None));

    public static ValueTask<NtStatus> WriteAsync(IStoreFile file, long offset, int length) =>
        file.WriteAsync(offset, new ReadOnlySequence<byte>(new byte[length]), CancellationToken.None);

    public static async Task PutAsync(this IStoreFile file, long offset, params byte[] data) =>
        Assert.Equal(NtStatus.Success, await file.WriteAsync(offset, new ReadOnlySequence<byte>(data), CancellationToken.None));

    public static async Task<IStoreFile> OpenFileAsync(PhysicalFileStore store, string path)
    {
        var opened = await store.OpenAsync(new(path), StoreAccess.ReadWrite, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    public static async Task<NtStatus> TryCreateAsync(PhysicalFileStore store, string path, NewFile parameters)
    {
        var made = await store.CreateAsync(new(path), parameters, CancellationToken.None);
        if (made.Succeeded)
        {
            await made.Value.DisposeAsync();
        }

        return made.Status;
    }
}
