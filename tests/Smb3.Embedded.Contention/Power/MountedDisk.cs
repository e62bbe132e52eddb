namespace Smb3.Embedded.Contention.Power;

/// <summary>An ext4 file system that is mounted from a file by way of a loop device.</summary>
internal sealed class MountedDisk : IAsyncDisposable
{
    private readonly string _device;

    private MountedDisk(string device, string path) => (_device, Path) = (device, path);

    public string Path { get; }

    public static async Task<MountedDisk> MountAsync(string file, string path)
    {
        var device = await Command.RunAsync("losetup", "-f", "--show", file);
        try
        {
            Directory.CreateDirectory(path);
            await Command.RunAsync("mount", "-t", "ext4", "-o", "user_xattr,acl", device, path);
            return new MountedDisk(device, path);
        }
        catch (InvalidOperationException)
        {
            await Command.RunAsync("losetup", "-d", device);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", Path);
        await Command.RunAsync("losetup", "-d", _device);
    }
}
