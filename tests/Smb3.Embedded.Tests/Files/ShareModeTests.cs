using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class ShareModeTests
{
    private static readonly FileAccessMask[] Accesses =
    [
        FileAccessMask.ReadAttributes, FileAccessMask.ReadData, FileAccessMask.Execute, FileAccessMask.WriteData,
        FileAccessMask.AppendData, FileAccessMask.Delete, FileAccessMask.ReadData | FileAccessMask.WriteData,
    ];

    [Fact]
    public async Task Every_pair_of_opens_shares_as_MS_FSA_says()
    {
        var volume = new TestVolume();
        await volume.MakeAsync("f");
        foreach (var access1 in Accesses)
        {
            foreach (var access2 in Accesses)
            {
                for (var shares = 0; shares < 64; shares++)
                {
                    var share1 = (ShareAccess)(shares & 7);
                    var share2 = (ShareAccess)(shares >> 3);
                    var first = await volume.OpenAsync("f", CreateDisposition.Open, access1, share1);
                    var second = await volume.CreateAsync("f", CreateDisposition.Open, access2, share2);
                    var expected = Collides(access1, share2, access2) || Collides(access2, share1, access1)
                        ? NtStatus.SharingViolation
                        : NtStatus.Success;
                    Assert.True(expected == second.Status, $"{access1}/{share1} then {access2}/{share2}: {second.Status}");
                    if (second.Open is { } open)
                    {
                        await open.CloseAsync();
                    }

                    await first.CloseAsync();
                }
            }
        }

        volume.AssertEmpty();
    }

    [Fact]
    public async Task An_overwrite_writes_for_those_who_share()
    {
        var volume = new TestVolume();
        var reader = await volume.OpenAsync("f", access: FileAccessMask.ReadData, share: ShareAccess.Read);
        Assert.Equal(
            NtStatus.SharingViolation,
            await volume.StatusAsync("f", CreateDisposition.Overwrite, access: FileAccessMask.ReadAttributes));
        await reader.CloseAsync();
    }

    private static bool Collides(FileAccessMask access, ShareAccess otherShare, FileAccessMask otherAccess)
    {
        if (otherAccess == FileAccessMask.ReadAttributes)
        {
            return false;
        }

        return ((access & (FileAccessMask.ReadData | FileAccessMask.Execute)) != 0 && (otherShare & ShareAccess.Read) == 0)
            || ((access & (FileAccessMask.WriteData | FileAccessMask.AppendData)) != 0 && (otherShare & ShareAccess.Write) == 0)
            || ((access & FileAccessMask.Delete) != 0 && (otherShare & ShareAccess.Delete) == 0);
    }
}
