using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>CREATEs that meet a symbolic link, of every kind and on both stores (MS-FSA 2.1.5.1).</summary>
public sealed class SymbolicLinkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_disposition_stops_at_a_link_before_anything_else_is_looked_at(bool physical)
    {
        IFileStore store = physical ? new PhysicalFileStore(_folder.Path) : new MemoryFileStore();
        using var end = store as IDisposable;
        var volume = new TestVolume(store, new VolumeOptions());
        if (!store.Traits.Has(StoreAbilities.ReparsePoints))
        {
            return; // a file system without extended attributes
        }

        await volume.MakeAsync("d", directory: true);
        await MakeLinkAsync(volume, @"d\file", CreateOptions.NonDirectoryFile);
        await MakeLinkAsync(volume, @"d\folder", CreateOptions.DirectoryFile);
        foreach (var link in new[] { @"d\file", @"d\folder" })
        {
            foreach (var disposition in Enum.GetValues<CreateDisposition>())
            {
                foreach (var options in new[] { CreateOptions.None, CreateOptions.NonDirectoryFile, CreateOptions.DirectoryFile })
                {
                    if (options == CreateOptions.DirectoryFile
                        && disposition is CreateDisposition.Supersede or CreateDisposition.Overwrite or CreateDisposition.OverwriteIf)
                    {
                        continue; // an invalid parameter whatever the name
                    }

                    await ExpectAsync(link, 0);
                    await ExpectAsync(link + @"\below\f", @"\below\f".Length);
                    await ExpectAsync(link.Replace(@"\", @"\.\", StringComparison.Ordinal) + @"\x\..\below", @"\x\..\below".Length);
                    await ExpectAsync(@"d\..\d\x\..\" + link[2..], 0);

                    async Task ExpectAsync(string name, int behind)
                    {
                        var outcome = await volume.CreateAsync(name, disposition, options: options);
                        Assert.True(NtStatus.StoppedOnSymlink == outcome.Status, $"{name}, {disposition}, {options}: {outcome.Status}");
                        Assert.Equal(behind, outcome.Symlink!.UnparsedLength);
                    }
                }
            }

            Assert.Equal(
                NtStatus.ObjectNameCollision,
                await volume.StatusAsync(link, CreateDisposition.Create, CreateOptions.OpenReparsePoint));
            Assert.Equal(NtStatus.Success, await volume.StatusAsync(link, options: CreateOptions.OpenReparsePoint));
        }
    }

    private static async Task MakeLinkAsync(TestVolume volume, string path, CreateOptions kind)
    {
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(6, 6)];
        ReparseDataBuffer.WriteSymlink(buffer, "target", "target", isRelative: true);
        var open = await volume.OpenAsync(path, options: kind | CreateOptions.OpenReparsePoint);
        Assert.Equal(NtStatus.Success, await open.SetReparsePointAsync(new ReparsePoint(buffer), default));
        await open.CloseAsync();
    }
}
