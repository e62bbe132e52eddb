using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Options;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What the kernel will not remove the store says beforehand. Other accounts' files are in tests/clients (account_suite.py).</summary>
public sealed class RefusedRemovalTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Backends => new() { "Best", "LinuxWalk", "Portable" };

    public void Dispose() => _folder.Delete();

    [Theory]
    [MemberData(nameof(Backends))]
    public async Task A_directory_with_something_that_is_not_shown_is_not_empty(string backend)
    {
        using var store = Open(Enum.Parse<PhysicalBackend>(backend));
        foreach (var (name, hide) in new (string, Action<string>)[]
        {
            ("link", path => File.CreateSymbolicLink(Path.Join(path, "out"), "/etc")),
            ("dangling", path => File.CreateSymbolicLink(Path.Join(path, "gone"), "nowhere")),
        })
        {
            Directory.CreateDirectory(At(name));
            hide(At(name));
            Assert.Equal(NtStatus.DirectoryNotEmpty, await Check(store, name));
            Assert.Equal(NtStatus.DirectoryNotEmpty, await store.DeleteAsync(new StorePath(name), None));
        }

        Directory.CreateDirectory(At("plain"));
        Assert.Equal(NtStatus.Success, await Check(store, "plain"));
    }

    [Fact]
    public async Task The_root_of_another_share_that_keeps_streams_aside_is_not_empty()
    {
        Directory.CreateDirectory(At("nested/.smb3-streams"));
        using var store = Open();
        if (store.Traits.Has(StoreAbilities.NamedStreams))
        {
            Assert.Equal(NtStatus.DirectoryNotEmpty, await Check(store, "nested"));
        }
    }

    [RootFact]
    public async Task What_is_immutable_or_only_grows_is_not_deleted()
    {
        Directory.CreateDirectory(At("growing"));
        Directory.CreateDirectory(At("fixed"));
        foreach (var name in new[] { "immutable", "append", "free", "growing/file", "fixed/file" })
        {
            File.WriteAllText(At(name), "x");
        }

        using var store = Open();
        var flags = new[] { ("+i", "immutable"), ("+a", "append"), ("+a", "growing"), ("+i", "fixed") };
        try
        {
            foreach (var (flag, name) in flags)
            {
                Machine.Run("chattr", flag, At(name));
            }

            foreach (var name in new[] { "immutable", "append", "growing\\file", "fixed\\file", "growing\\new" })
            {
                Assert.Equal(NtStatus.AccessDenied, await Check(store, name));
            }

            Assert.Equal(NtStatus.AccessDenied, await store.DeleteAsync(new StorePath("immutable"), None));
            Assert.Equal(NtStatus.Success, await Check(store, "free"));
        }
        finally
        {
            foreach (var (flag, name) in flags)
            {
                Machine.Try("chattr", flag.Replace('+', '-'), At(name));
            }
        }
    }

    [RootFact]
    public async Task A_mount_point_stays_and_so_does_what_is_on_a_read_only_mount()
    {
        Directory.CreateDirectory(At("mounted"));
        Directory.CreateDirectory(At("source"));
        Directory.CreateDirectory(At("readonly"));
        File.WriteAllText(At("source/file"), "x");
        File.WriteAllText(At("bound"), "x");
        Machine.Run("mount", "-t", "tmpfs", "-o", "size=1m", "none", At("mounted"));
        Machine.Run("mount", "--bind", At("source"), At("readonly"));
        Machine.Run("mount", "--bind", At("source/file"), At("bound"));
        try
        {
            Machine.Run("mount", "-o", "remount,bind,ro", At("readonly"));
            using var store = Open();
            Assert.Equal(NtStatus.CannotDelete, await Check(store, "mounted"));
            Assert.Equal(NtStatus.CannotDelete, await store.DeleteAsync(new StorePath("mounted"), None));
            Assert.Equal(NtStatus.CannotDelete, await Check(store, "bound"));
            Assert.Equal(NtStatus.MediaWriteProtected, await Check(store, "readonly\\file"));
            Assert.Equal(NtStatus.MediaWriteProtected, await store.DeleteAsync(new StorePath("readonly\\file"), None));
            Assert.Equal(NtStatus.Success, await Check(store, "source\\file"));
        }
        finally
        {
            foreach (var name in new[] { "mounted", "readonly", "bound" })
            {
                Machine.Run("umount", At(name));
            }
        }
    }

    private static async Task<NtStatus> Check(PhysicalFileStore store, string path) => await store.CanDeleteAsync(new StorePath(path), None);

    private PhysicalFileStore Open(PhysicalBackend backend = PhysicalBackend.Best) =>
        new(_folder.Path, new PhysicalFileStoreOptions { Backend = backend });

    private string At(string name) => Path.Join(_folder.Path, name);
}
