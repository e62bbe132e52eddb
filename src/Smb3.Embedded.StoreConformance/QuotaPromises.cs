using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IQuotaStore"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store with
/// <see cref="StoreAbilities.Quotas"/>.
/// </summary>
public abstract class QuotaPromises : StorePromises
{
    private static readonly Sid Owner = Sid.Parse("S-1-5-21-1-2-3-1001");
    private static readonly Sid Other = Sid.Parse("S-1-5-21-1-2-3-1002");

    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.Quotas | StoreAbilities.SecurityDescriptors;

    private IQuotaStore Quotas => Assert.IsAssignableFrom<IQuotaStore>(Store);

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task An_unknown_owner_uses_nothing()
    {
        var entry = (await Quotas.GetQuotaAsync(Owner, CancellationToken.None)).Value;
        Assert.Equal((Owner, 0L), (entry.Owner, entry.Used));
        Assert.Empty((await Quotas.ListQuotasAsync(CancellationToken.None)).Value);
    }

    [Fact]
    public async Task Data_counts_for_its_owner()
    {
        await using var file = await CreateAsync("file", Owner);
        await file.PutAsync(0, new byte[10_000]);
        Assert.InRange(await UsedAsync(Owner), 10_000, 100_000);
        Assert.Equal(0, await UsedAsync(Other));
        Assert.Equal([Owner], (await Quotas.ListQuotasAsync(CancellationToken.None)).Value.Select(entry => entry.Owner));
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(0, CancellationToken.None));
        Assert.Equal(0, await UsedAsync(Owner));
    }

    [Fact]
    public async Task An_enforced_limit_is_a_full_disk()
    {
        await EnforceAsync(default);
        Assert.Equal(NtStatus.Success, await Quotas.SetQuotaAsync(Owner, new QuotaLimits(null, 100_000), CancellationToken.None));
        await using var own = await CreateAsync("own", Owner);
        Assert.Equal(NtStatus.DiskFull, await WriteAsync(own, 200_000));
        await using var other = await CreateAsync("other", Other);
        Assert.Equal(NtStatus.Success, await WriteAsync(other, 200_000));
    }

    [Fact]
    public async Task Limits_are_the_default_ones_until_they_are_set_and_after_they_are_taken_away()
    {
        await EnforceAsync(new QuotaLimits(5, 10));
        Assert.Equal(new QuotaLimits(5, 10), await LimitsAsync());
        await Quotas.SetQuotaAsync(Owner, new QuotaLimits(6, 12), CancellationToken.None);
        Assert.Equal(new QuotaLimits(6, 12), await LimitsAsync());
        await Quotas.SetQuotaAsync(Owner, null, CancellationToken.None);
        Assert.Equal(new QuotaLimits(5, 10), await LimitsAsync());
    }

    private static async Task<NtStatus> WriteAsync(IStoreFile file, int length) =>
        await file.WriteAsync(0, new ReadOnlySequence<byte>(new byte[length]), CancellationToken.None);

    /// <summary>A self-relative descriptor with nothing but an owner (MS-DTYP 2.4.6).</summary>
    private static byte[] DescriptorOf(Sid owner)
    {
        var descriptor = new byte[20 + owner.BinaryLength];
        descriptor[0] = 1;
        descriptor[3] = 0x80;
        descriptor[4] = 20;
        owner.WriteTo(descriptor.AsSpan(20));
        return descriptor;
    }

    private async Task EnforceAsync(QuotaLimits limits)
    {
        var settings = new QuotaSettings { IsTracked = true, IsEnforced = true, Default = limits };
        Assert.Equal(NtStatus.Success, await Quotas.SetQuotaSettingsAsync(settings, CancellationToken.None));
        Assert.Equal(settings, (await Quotas.GetQuotaSettingsAsync(CancellationToken.None)).Value);
    }

    private Task<IStoreFile> CreateAsync(string name, Sid owner) =>
        Store.CreateAsync(name, new NewFile { SecurityDescriptor = DescriptorOf(owner) });

    private async Task<long> UsedAsync(Sid owner) => (await Quotas.GetQuotaAsync(owner, CancellationToken.None)).Value.Used;

    private async Task<QuotaLimits> LimitsAsync() => (await Quotas.GetQuotaAsync(Owner, CancellationToken.None)).Value.Limits;
}
