using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What a file system can do is tried once per mount, and not again for each folder that is shared of it.</summary>
public sealed class FileSystemProbeTests
{
    [Fact]
    public void Folders_of_one_mount_have_a_number_in_common_that_other_mounts_have_not()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/dev/shm"))
        {
            return;
        }

        using var one = new Place(Path.GetTempPath());
        using var other = new Place(Path.GetTempPath());
        using var elsewhere = new Place("/dev/shm");
        if ((one.Stat.Mask & StatxBuffer.UniqueMount) == 0)
        {
            return; // before Linux 6.8 it is tried each time
        }

        Assert.Equal((one.Stat.Mount, one.Stat.Device), (other.Stat.Mount, other.Stat.Device));
        Assert.NotEqual((one.Stat.Mount, one.Stat.Device), (elsewhere.Stat.Mount, elsewhere.Stat.Device));
        Assert.NotEqual(0UL, one.Stat.Mount);
        Assert.Equal(one.Probe(), other.Probe());
        Assert.Equal(elsewhere.Probe(), elsewhere.Probe());
    }

    private sealed class Place : IDisposable
    {
        private readonly DirectoryInfo _folder;
        private readonly LinuxRoot _root;

        public Place(string below)
        {
            _folder = Directory.CreateDirectory(Path.Join(below, "smb3-probe-" + Guid.NewGuid().ToString("N")));
            _root = new LinuxRoot(_folder.FullName, before: null);
        }

        public StatxBuffer Stat => _root.Stat;

        public StoreAbilities Probe() => FileSystemProbe.Run(_root.Descriptor, hasAttributes: true, isReadOnly: false);

        public void Dispose()
        {
            _root.Leave();
            _root.Dispose();
            _folder.Delete();
        }
    }
}
