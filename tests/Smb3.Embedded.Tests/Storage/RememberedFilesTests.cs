using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What the store of a folder remembers of files never hides what others do to them. A second store stands for the others.</summary>
public sealed class RememberedFilesTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    // What has just changed is not remembered.
    private static readonly TimeSpan UntilRemembered = TimeSpan.FromMilliseconds(120);

    private readonly TemporaryFolder _folder = new();
    private readonly string _root;
    private readonly PhysicalFileStore _store;
    private readonly PhysicalFileStore _other;

    public RememberedFilesTests()
    {
        _root = Path.Join(_folder.Path, "share");
        Directory.CreateDirectory(_root);
        File.WriteAllText(Path.Join(_folder.Path, "secret"), "secret");
        File.WriteAllText(Path.Join(_root, "file"), "data");
        _store = new PhysicalFileStore(_root);
        _other = new PhysicalFileStore(_root);
    }

    public void Dispose()
    {
        _store.Dispose();
        _other.Dispose();
        _folder.Delete();
    }

    [Fact]
    public async Task Attributes_that_another_sets_are_seen_at_once()
    {
        if (!_store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        foreach (var attributes in new[] { FileAttributes.Hidden, FileAttributes.System, FileAttributes.Hidden | FileAttributes.ReadOnly })
        {
            await using (var file = (await _other.OpenAsync(new StorePath("file"), StoreAccess.Metadata, None)).Value)
            {
                await file.SetMetadataAsync(new FileMetadataChange { Attributes = attributes }, None);
            }

            Assert.Equal(attributes, await AttributesAsync());
            Assert.Equal(attributes, await ListedAttributesAsync());
            await Task.Delay(UntilRemembered);
            Assert.Equal(attributes, await AttributesAsync());
            Assert.Equal(attributes, await ListedAttributesAsync());
        }
    }

    [Fact]
    public async Task A_security_descriptor_that_another_sets_is_seen_at_once()
    {
        if (!_store.Traits.Has(StoreAbilities.SecurityDescriptors))
        {
            return;
        }

        for (byte i = 0; i < 3; i++)
        {
            var descriptor = new byte[] { 1, 0, 4, 0x80, i };
            await using (var file = (await _other.OpenAsync(new StorePath("file"), StoreAccess.Metadata, None)).Value)
            {
                await ((ISecurableFile)file).SetSecurityDescriptorAsync(descriptor, None);
            }

            Assert.Equal(descriptor, await DescriptorAsync());
            await Task.Delay(UntilRemembered);
            Assert.Equal(descriptor, await DescriptorAsync());
            Assert.Equal(descriptor, await DescriptorAsync());
        }
    }

    [Fact]
    public async Task A_name_that_another_makes_in_a_known_folder_is_found_in_any_case()
    {
        await Task.Delay(UntilRemembered);
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync("New"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync("New"));
        File.WriteAllText(Path.Join(_root, "new"), "");
        Assert.Equal(NtStatus.Success, await TryOpenAsync("new"));
        Assert.Equal(NtStatus.Success, await TryOpenAsync("New"));
        Assert.Equal(NtStatus.Success, await TryOpenAsync("NEW"));
    }

    [Fact]
    public async Task What_takes_the_place_of_a_known_file_is_looked_at_like_anything_else()
    {
        var path = Path.Join(_root, "file");
        Assert.Equal(NtStatus.Success, await TryOpenAsync("file", StoreAccess.ReadWrite));
        Assert.Equal(NtStatus.Success, await TryOpenAsync("file", StoreAccess.ReadWrite));

        File.Delete(path);
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync("file", StoreAccess.Read));

        File.CreateSymbolicLink(path, Path.Join(_folder.Path, "secret"));
        Assert.Equal(NtStatus.AccessDenied, await KnowThenTryAsync(path));

        File.CreateSymbolicLink(path, "../secret");
        Assert.Equal(NtStatus.AccessDenied, await KnowThenTryAsync(path));

        Directory.CreateDirectory(path);
        await using (var directory = (await _store.OpenAsync(new StorePath("file"), StoreAccess.ReadWrite, None)).Value)
        {
            Assert.True((await directory.GetMetadataAsync(None)).Value.IsDirectory);
        }

        Directory.Delete(path);

        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        File.WriteAllText(path, "data");
        Assert.Equal(NtStatus.Success, await TryOpenAsync("file", StoreAccess.Read));
        File.Delete(path);
        using (var made = Process.Start("mkfifo", path))
        {
            await made.WaitForExitAsync();
        }

        Assert.Equal(NtStatus.AccessDenied, await TryOpenAsync("file", StoreAccess.Read));
        Assert.Equal(NtStatus.AccessDenied, await TryOpenAsync("file", StoreAccess.ReadWrite));
    }

    /// <summary>Lets the store know a file at the path, puts back what is there now, and opens that.</summary>
    private async Task<NtStatus> KnowThenTryAsync(string path)
    {
        File.Move(path, path + ".aside");
        File.WriteAllText(path, "data");
        Assert.Equal(NtStatus.Success, await TryOpenAsync("file", StoreAccess.Read));
        File.Move(path + ".aside", path, overwrite: true);
        var status = await TryOpenAsync("file", StoreAccess.Read);
        File.Delete(path);
        return status;
    }

    private async Task<NtStatus> TryOpenAsync(string path, StoreAccess access = StoreAccess.Metadata)
    {
        var opened = await _store.OpenAsync(new StorePath(path), access, None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }

    private async Task<FileAttributes> AttributesAsync()
    {
        await using var file = (await _store.OpenAsync(new StorePath("file"), StoreAccess.Metadata, None)).Value;
        return (await file.GetMetadataAsync(None)).Value.Attributes;
    }

    private async Task<FileAttributes> ListedAttributesAsync()
    {
        await using var root = (await _store.OpenAsync(StorePath.Root, StoreAccess.Metadata, None)).Value;
        await using var listing = (await root.ListAsync(None)).Value;
        var entries = new StoreEntry[16];
        var count = (await listing.ReadAsync(entries, None)).Value;
        return entries.AsSpan(0, count).ToArray().Single(entry => entry.Name == "file").Metadata.Attributes;
    }

    private async Task<byte[]> DescriptorAsync()
    {
        await using var file = (await _store.OpenAsync(new StorePath("file"), StoreAccess.Metadata, None)).Value;
        return (await ((ISecurableFile)file).GetSecurityDescriptorAsync(None)).Value.ToArray();
    }
}
