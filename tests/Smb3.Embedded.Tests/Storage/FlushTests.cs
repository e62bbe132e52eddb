using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Flushes of a folder on Linux. That they are enough, tests/Smb3.Embedded.Contention shows (power).</summary>
public sealed class FlushTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [LinuxFact]
    public void A_descriptor_of_the_place_only_says_that_it_flushes_nothing()
    {
        var path = Path.Join(_folder.Path, "f");
        File.WriteAllText(path, "data");
        var handle = File.OpenHandle(path);
        using var data = new FileDescriptor((int)handle.DangerousGetHandle());
        handle.SetHandleAsInvalid();
        using var place = InodeCalls.Reopen(data, OpenFlags.Path, out _);
        Assert.Equal((Errno)0, DataCalls.Flush(data));
        Assert.Equal(Errno.BadDescriptor, DataCalls.Flush(place!));
    }

    [LinuxFact]
    public async Task A_handle_for_metadata_flushes_whatever_it_is_on()
    {
        using var store = new PhysicalFileStore(_folder.Path);
        File.WriteAllText(Path.Join(_folder.Path, "f"), "data");
        Directory.CreateDirectory(Path.Join(_folder.Path, "d"));
        foreach (var name in new[] { "f", "d", "" })
        {
            await using var handle = (await store.OpenAsync(new StorePath(name), StoreAccess.Metadata, CancellationToken.None)).Value;
            Assert.Equal(NtStatus.Success, await handle.FlushAsync(CancellationToken.None));
        }
    }
}
