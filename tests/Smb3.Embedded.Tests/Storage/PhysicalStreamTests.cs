using System.Buffers;
using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Where a folder on Linux keeps the streams of its files, and that nobody gets there.</summary>
public sealed class PhysicalStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PhysicalFileStore _store;

    public PhysicalStreamTests() => _store = new PhysicalFileStore(_folder.Path);

    private string Side => Path.Join(_folder.Path, ".smb3-streams");

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete();
    }

    [Fact]
    public async Task Only_large_streams_are_kept_aside_and_go_with_their_file()
    {
        if (!_store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        await PutAsync("file", "small", 100);
        Assert.False(Directory.Exists(Side));
        await PutAsync("file", "large", 100_000);
        Assert.Single(Directory.GetFiles(Side));
        Assert.Equal(NtStatus.Success, await _store.RenameAsync(new("file"), new("moved"), false, CancellationToken.None));
        Assert.Single(Directory.GetFiles(Side));
        Assert.Equal(NtStatus.Success, await _store.DeleteAsync(new("moved"), CancellationToken.None));
        Assert.Empty(Directory.GetFiles(Side));
    }

    [Fact]
    public async Task The_side_store_is_neither_listed_nor_reached()
    {
        if (!_store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        await PutAsync("file", "large", 100_000);
        var id = Path.GetFileName(Assert.Single(Directory.GetFiles(Side)));
        File.CreateSymbolicLink(Path.Join(_folder.Path, "to the directory"), ".smb3-streams");
        File.CreateSymbolicLink(Path.Join(_folder.Path, "to a stream"), ".smb3-streams/" + id);

        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(".smb3-streams"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(".SMB3-Streams"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await TryOpenAsync(".smb3-streams\\" + id));
        Assert.Equal(NtStatus.AccessDenied, await TryOpenAsync("to the directory"));
        Assert.Equal(NtStatus.AccessDenied, await TryOpenAsync("to the directory\\" + id));
        Assert.Equal(NtStatus.AccessDenied, await TryOpenAsync("to a stream"));
        Assert.Equal(
            NtStatus.AccessDenied, (await _store.CreateAsync(new(".smb3-streams"), default, CancellationToken.None)).Status);
        Assert.Equal(
            NtStatus.AccessDenied, await _store.RenameAsync(new("file"), new(".smb3-streams"), true, CancellationToken.None));
        Assert.NotEqual(NtStatus.Success, await _store.DeleteAsync(new(".smb3-streams\\" + id), CancellationToken.None));

        await using var root = (await _store.OpenAsync(StorePath.Root, StoreAccess.Metadata, CancellationToken.None)).Value;
        await using var listing = (await root.ListAsync(CancellationToken.None)).Value;
        var entries = new StoreEntry[16];
        var count = (await listing.ReadAsync(entries, CancellationToken.None)).Value;
        Assert.DoesNotContain(entries[..count], static entry => entry.Name == ".smb3-streams");
    }

    [Fact]
    public async Task A_copy_that_another_program_makes_has_the_streams_and_changes_only_its_own()
    {
        if (!_store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return;
        }

        await PutAsync("file", "large", 100_000);
        var from = Path.Join(_folder.Path, "file");
        using (var copying = Process.Start("cp", ["-a", from, Path.Join(_folder.Path, "copy")]))
        {
            await copying.WaitForExitAsync();
        }

        Assert.Equal(100_000, await LengthAsync("copy", "large"));
        await PutAsync("copy", "large", 10, at: 100_000);
        Assert.Equal(100_010, await LengthAsync("copy", "large"));
        Assert.Equal(100_000, await LengthAsync("file", "large"));
        Assert.Equal(NtStatus.Success, await _store.DeleteAsync(new("copy"), CancellationToken.None));
        Assert.Equal(100_000, await LengthAsync("file", "large"));
    }

    private async Task PutAsync(string path, string name, int length, long at = 0)
    {
        var opened = await _store.OpenAsync(new(path), StoreAccess.ReadWrite, CancellationToken.None);
        if (!opened.Succeeded)
        {
            opened = await _store.CreateAsync(new(path), default, CancellationToken.None);
        }

        await using var file = opened.Value;
        var streams = (IStreamedFile)file;
        var found = await streams.OpenStreamAsync(name, StoreAccess.ReadWrite, CancellationToken.None);
        if (!found.Succeeded)
        {
            found = await streams.CreateStreamAsync(name, CancellationToken.None);
        }

        await using var stream = found.Value;
        Assert.Equal(
            NtStatus.Success, await stream.WriteAsync(at, new ReadOnlySequence<byte>(new byte[length]), CancellationToken.None));
    }

    private async Task<long> LengthAsync(string path, string name)
    {
        await using var file = (await _store.OpenAsync(new(path), StoreAccess.Metadata, CancellationToken.None)).Value;
        var streams = (await ((IStreamedFile)file).ListStreamsAsync(CancellationToken.None)).Value;
        return Assert.Single(streams, stream => stream.Name == name).Length;
    }

    private async Task<NtStatus> TryOpenAsync(string path)
    {
        var opened = await _store.OpenAsync(new(path), StoreAccess.Read, CancellationToken.None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }
}
