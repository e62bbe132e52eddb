using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Quotas;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class QuotaTests
{
    private readonly TestVolume _volume = new();

    private VolumeQuotas Quotas => _volume.Volume.Quotas!;

    [Fact]
    public async Task What_an_owner_uses_follows_its_files()
    {
        var open = await _volume.OpenAsync("file");
        await TestVolume.WriteAsync(open, 0, new byte[5000]);
        Assert.Equal(8192, await UsedAsync(TestVolume.Alice));
        await TestVolume.DeleteAsync(open);
        await open.CloseAsync();
        Assert.Equal(0, await UsedAsync(TestVolume.Alice));
    }

    [Fact]
    public async Task An_enforced_limit_is_a_full_disk_for_its_owner_alone()
    {
        await EnforceAsync(TestVolume.Alice, 4096);
        var alice = await _volume.OpenAsync("alice");
        Assert.Equal(NtStatus.DiskFull, await TestVolume.WriteAsync(alice, 0, new byte[5000]));
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(alice, 0, new byte[4000]));
        await alice.CloseAsync();

        var bob = (await _volume.CreateAsync("bob", caller: TestVolume.Bob)).Open!;
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(bob, 0, new byte[5000]));
        await bob.CloseAsync();
    }

    [Fact]
    public async Task A_limit_that_is_only_tracked_stops_nobody()
    {
        await SetAsync(TestVolume.Alice, new QuotaLimits(null, 10));
        var open = await _volume.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 0, new byte[5000]));
        await open.CloseAsync();
    }

    [Fact]
    public async Task The_default_holds_for_who_has_no_limit()
    {
        await Quotas.SetSettingsAsync(
            TestVolume.Administrator, new QuotaSettings { IsEnforced = true, Default = new QuotaLimits(null, 4096) }, CancellationToken.None);
        var open = await _volume.OpenAsync("file");
        Assert.Equal(NtStatus.DiskFull, await TestVolume.WriteAsync(open, 0, new byte[5000]));
        await SetAsync(TestVolume.Alice, new QuotaLimits(null, 1 << 20));
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 0, new byte[5000]));
        await SetAsync(TestVolume.Alice, null);
        Assert.Equal(NtStatus.DiskFull, await TestVolume.WriteAsync(open, 8192, new byte[5000]));
        await open.CloseAsync();
    }

    [Fact]
    public async Task The_volume_is_as_large_as_the_limit()
    {
        await EnforceAsync(TestVolume.Alice, 40960);
        var open = await _volume.OpenAsync("file");
        await TestVolume.WriteAsync(open, 0, new byte[4096]);
        await open.CloseAsync();
        var whole = (await _volume.Volume.GetVolumeAsync(CancellationToken.None)).Value;
        var seen = await Quotas.LimitAsync(whole, TestVolume.Alice, CancellationToken.None);
        Assert.Equal((40960, 40960 - 4096, whole.FreeBytes), (seen.TotalBytes, seen.AvailableBytes, seen.FreeBytes));
        Assert.Equal(whole, await Quotas.LimitAsync(whole, TestVolume.Bob, CancellationToken.None));
    }

    [Fact]
    public async Task Only_an_administrator_sets()
    {
        Assert.Equal(
            NtStatus.AccessDenied,
            await Quotas.SetAsync(TestVolume.Alice, [(TestVolume.Alice.User, new QuotaLimits(null, null))], CancellationToken.None));
        Assert.Equal(NtStatus.AccessDenied, await Quotas.SetSettingsAsync(TestVolume.Alice, default, CancellationToken.None));
        Assert.Equal(
            NtStatus.InvalidParameter,
            await Quotas.SetAsync(TestVolume.Administrator, [(TestVolume.Alice.User, new QuotaLimits(null, -5))], CancellationToken.None));
    }

    [Fact]
    public async Task A_new_owner_takes_the_bytes_over()
    {
        var open = await _volume.OpenAsync("file");
        await TestVolume.WriteAsync(open, 0, new byte[5000]);
        var securable = (ISecurableFile)open.Handle;
        var descriptor = (await securable.GetSecurityDescriptorAsync(CancellationToken.None)).Value.ToArray();
        var owner = BitConverter.ToInt32(descriptor, 4);
        TestVolume.Bob.User.WriteTo(descriptor.AsSpan(owner)); // of the same length
        await securable.SetSecurityDescriptorAsync(descriptor, CancellationToken.None);
        Assert.Equal((0, 8192), (await UsedAsync(TestVolume.Alice), await UsedAsync(TestVolume.Bob)));
        await open.CloseAsync();
    }

    [Fact]
    public async Task The_list_goes_on_behind_an_owner()
    {
        foreach (var caller in new[] { TestVolume.Bob, TestVolume.Alice })
        {
            await SetAsync(caller, new QuotaLimits(1, 2));
        }

        var all = (await Quotas.ListAsync(null, including: false, CancellationToken.None)).Value;
        Assert.Equal([TestVolume.Alice.User, TestVolume.Bob.User], all.Select(entry => entry.Owner));
        var rest = (await Quotas.ListAsync(TestVolume.Alice.User, including: false, CancellationToken.None)).Value;
        Assert.Equal([TestVolume.Bob.User], rest.Select(entry => entry.Owner));
        Assert.Equal(new QuotaLimits(1, 2), rest[0].Limits);
        Assert.Equal(2, (await Quotas.ListAsync(TestVolume.Alice.User, including: true, CancellationToken.None)).Value.Count);
    }

    private async Task EnforceAsync(FileCaller caller, long limit)
    {
        Assert.Equal(
            NtStatus.Success,
            await Quotas.SetSettingsAsync(TestVolume.Administrator, new QuotaSettings { IsEnforced = true }, CancellationToken.None));
        await SetAsync(caller, new QuotaLimits(null, limit));
    }

    private async Task SetAsync(FileCaller caller, QuotaLimits? limits) => Assert.Equal(
        NtStatus.Success, await Quotas.SetAsync(TestVolume.Administrator, [(caller.User, limits)], CancellationToken.None));

    private async Task<long> UsedAsync(FileCaller caller) =>
        (await Quotas.GetAsync([caller.User], CancellationToken.None)).Value[0].Used;
}
