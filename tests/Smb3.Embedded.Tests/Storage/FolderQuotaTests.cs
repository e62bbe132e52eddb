using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Options;
using Xunit;
using static Smb3.Embedded.Tests.Storage.QuotaSteps;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>The quotas of a folder: what is told and refused is what a count of the whole folder would find.</summary>
public sealed class FolderQuotaTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private PhysicalFileStore _store = null!;

    /// <summary>Every way in which a length, an owner or the existence of a file changes.</summary>
    public static TheoryData<string> Changes => [.. QuotaChanges.All.Keys];

    public Task InitializeAsync() => OpenAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _store?.Dispose();
        _folder.Delete();
    }

    [LinuxTheory]
    [MemberData(nameof(Changes))]
    public async Task What_changed_is_what_a_count_finds(string change)
    {
        await QuotaChanges.All[change](_store);
        await AssertCountedAsync();
    }

    [LinuxTheory]
    [MemberData(nameof(Changes))]
    public async Task The_same_with_counts_beside_it(string change)
    {
        for (var i = 0; i < 20; i++)
        {
            await WithAsync(await NewAsync(_store, $"other{i}", Bob), file => file.PutAsync(0, new byte[i]));
        }

        using var ended = new CancellationTokenSource();
        var counting = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                await _store.RecountQuotasAsync();
            }
        });
        await QuotaChanges.All[change](_store);
        await ended.CancelAsync();
        await counting;
        await AssertCountedAsync();
    }

    [LinuxFact]
    public async Task Clients_that_go_on_and_counts_agree_in_the_end()
    {
        for (var i = 0; i < 8; i++)
        {
            await (await NewAsync(_store, $"d{i}", isDirectory: true)).DisposeAsync();
        }

        using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(4));
        var clients = Enumerable.Range(0, 4).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            while (!ended.IsCancellationRequested)
            {
                await DoSomethingAsync(random, $"d{random.Next(8)}\\{random.Next(6)}", $"d{random.Next(8)}\\{random.Next(6)}");
            }
        })).ToArray();
        while (!ended.IsCancellationRequested)
        {
            await _store.RecountQuotasAsync();
        }

        await Task.WhenAll(clients);
        await AssertCountedAsync();
    }

    [LinuxFact]
    public async Task Beyond_the_limit_nothing_is_written()
    {
        await LimitAsync(Alice, 1000);
        await using var file = await NewAsync(_store, "a");
        await file.PutAsync(0, new byte[900]);
        Assert.Equal(NtStatus.DiskFull, await WriteAsync(file, 890, 111));
        Assert.Equal(NtStatus.DiskFull, await WriteAsync(file, 5000, 1));
        Assert.Equal(NtStatus.DiskFull, await file.SetLengthAsync(1001, CancellationToken.None));
        Assert.Equal(NtStatus.DiskFull, await file.AllocateAsync(1001, CancellationToken.None));
        Assert.Equal(900, (await file.GetMetadataAsync(CancellationToken.None)).Value.Length);
        Assert.Equal(NtStatus.Success, await WriteAsync(file, 900, 100));
        Assert.Equal(NtStatus.Success, await WriteAsync(file, 0, 1000));
        Assert.Equal(NtStatus.DiskFull, await TryCreateAsync(_store, "b", Owned(Alice) with { AllocationSize = 1 }));
        Assert.Equal(NtStatus.ObjectNameNotFound, (await _store.OpenAsync(new("b"), StoreAccess.Read, CancellationToken.None)).Status);
        await using (var stream = (await ((IStreamedFile)file).CreateStreamAsync("s", CancellationToken.None)).Value)
        {
            Assert.Equal(NtStatus.DiskFull, await WriteAsync(stream, 0, 1));
            Assert.Equal(NtStatus.DiskFull, await WriteAsync(stream, 0, 100_000));
            Assert.Equal(NtStatus.DiskFull, await stream.SetLengthAsync(1, CancellationToken.None));
            Assert.Equal(NtStatus.DiskFull, await stream.AllocateAsync(1, CancellationToken.None));
        }

        await using (var others = await NewAsync(_store, "c", Bob))
        {
            await others.PutAsync(0, new byte[5000]);
            Assert.Equal(NtStatus.DiskFull, await ((ICopyTarget)file).CopyFromAsync(others, 0, 500, 501, CancellationToken.None));
            Assert.Equal(NtStatus.DiskFull, await ((ICloneTarget)file).CloneFromAsync(others, 0, 4096, 4096, CancellationToken.None));
        }

        await LimitAsync(Alice, 10);
        Assert.Equal(NtStatus.Success, await file.SetLengthAsync(500, CancellationToken.None)); // shorter, even beyond the limit
        Assert.Equal(NtStatus.DiskFull, await WriteAsync(file, 500, 1));
        await AssertCountedAsync();
    }

    [LinuxFact]
    public async Task Writers_cannot_pass_the_limit_together()
    {
        const int Limit = 100_000;
        await LimitAsync(Alice, Limit);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            await using var file = await NewAsync(_store, $"f{i}");
            await using var stream = (await ((IStreamedFile)file).CreateStreamAsync("s", CancellationToken.None)).Value;
            for (long at = 0; at < Limit; at += 700)
            {
                _ = await WriteAsync(file, at, 700);
                _ = await WriteAsync(stream, at, 700);
            }
        })));
        Assert.InRange(await UsedAsync(Alice), Limit - 700, Limit);
        await AssertCountedAsync();
    }

    [LinuxFact]
    public async Task Writes_and_ends_of_file_that_overlap_leave_nothing_uncharged()
    {
        await using var file = await NewAsync(_store, "a");
        for (var round = 0; round < 300; round++)
        {
            await Task.WhenAll(
                Task.Run(() => WriteAsync(file, 50_000, 1000).AsTask()),
                Task.Run(() => WriteAsync(file, 0, 1000).AsTask()),
                Task.Run(() => file.SetLengthAsync(0, CancellationToken.None).AsTask()));
            Assert.Equal((await file.GetMetadataAsync(CancellationToken.None)).Value.Length, await UsedAsync(Alice));
        }
    }

    [LinuxFact]
    public async Task A_file_without_a_name_is_charged_until_nobody_has_it_open()
    {
        await LimitAsync(Alice, 10_000);
        var reader = await NewAsync(_store, "a");
        var writer = await OpenFileAsync(_store, "a");
        await writer.PutAsync(0, new byte[1000]);
        await DeleteAsync(_store, "a");
        await writer.PutAsync(1000, new byte[1000]);
        Assert.Equal(2000, await UsedAsync(Alice));
        await _store.RecountQuotasAsync();
        Assert.Equal(2000, await UsedAsync(Alice));
        await writer.DisposeAsync();
        Assert.Equal(NtStatus.DiskFull, await WriteAsync(reader, 0, 10_001));
        await reader.PutAsync(0, new byte[3000]);
        Assert.Equal(3000, await UsedAsync(Alice));
        await reader.DisposeAsync();
        Assert.Equal(0, await UsedAsync(Alice));
    }

    [LinuxFact]
    public async Task Space_that_is_reserved_under_a_limit_holds_nothing()
    {
        await LimitAsync(Alice, 10 << 20);
        for (var i = 0; i < 5; i++)
        {
            await using var file = await NewAsync(_store, $"f{i}", allocation: 10 << 20);
            Assert.Equal(NtStatus.Success, await file.AllocateAsync(10 << 20, CancellationToken.None));
            Assert.InRange((await file.GetMetadataAsync(CancellationToken.None)).Value.AllocationSize, 0, 65_536);
        }
    }

    [LinuxFact]
    public async Task Limits_and_settings_outlive_the_store_and_use_is_counted_again()
    {
        var settings = new QuotaSettings { IsTracked = true, IsEnforced = true, NotesLimit = true, Default = new QuotaLimits(5000, 6000) };
        Assert.Equal(NtStatus.Success, await _store.SetQuotaSettingsAsync(settings, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await _store.SetQuotaAsync(Alice, new QuotaLimits(1, 2000), CancellationToken.None));
        Assert.Equal(NtStatus.Success, await _store.SetQuotaAsync(Bob, new QuotaLimits(null, null), CancellationToken.None));
        await WithAsync(await NewAsync(_store, "a"), file => file.PutAsync(0, new byte[1000]));
        var before = await ListAsync(_store);
        var kept = Assert.Single(Directory.GetFiles(Path.Join(_folder.Path, ".smb3-streams")));
        File.WriteAllText(kept + ".new", "what a server that was killed left");

        _store.Dispose();
        await OpenAsync();
        Assert.Equal(before, await ListAsync(_store));
        Assert.Equal(settings, (await _store.GetQuotaSettingsAsync(CancellationToken.None)).Value);
        Assert.Equal(NtStatus.Success, await _store.SetQuotaAsync(Bob, null, CancellationToken.None));
        Assert.Equal([Alice], (await _store.ListQuotasAsync(CancellationToken.None)).Value.Select(entry => entry.Owner));
        Assert.Equal([kept], Directory.GetFiles(Path.Join(_folder.Path, ".smb3-streams")));
    }

    [LinuxFact]
    public async Task What_another_server_or_an_administrator_wrote_is_taken_over()
    {
        await LimitAsync(Alice, 1000);
        using var other = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true });
        Assert.Equal(NtStatus.Success, await other.SetQuotaAsync(Alice, new QuotaLimits(null, 77), CancellationToken.None));
        Assert.Equal(77, (await _store.GetQuotaAsync(Alice, CancellationToken.None)).Value.Limits.Limit);
        var file = Path.Join(_folder.Path, ".smb3-streams", "quotas.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("77", "88", StringComparison.Ordinal));
        Assert.Equal(88, (await _store.GetQuotaAsync(Alice, CancellationToken.None)).Value.Limits.Limit);
        File.Delete(file);
        Assert.Null((await _store.GetQuotaAsync(Alice, CancellationToken.None)).Value.Limits.Limit);
        Assert.False((await _store.GetQuotaSettingsAsync(CancellationToken.None)).Value.IsEnforced);
    }

    [LinuxTheory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"version":2,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":-1,"owners":[]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[null]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":null}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[],"x":1}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[{"sid":"Alice","threshold":null,"limit":1,"changed":"2026-01-01T00:00:00+00:00"}]}""")]
    [InlineData("""{"version":1,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}""")]
    [InlineData("""{"version":1,"tracked":1,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}""")]
    [InlineData("""{"version":1,"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}""")]
    [InlineData("""{"version":1.5,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":"7","owners":[]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":99999999999999999999,"owners":[]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[{"sid":"S-1-5-21-1-2-3-1001","threshold":null,"limit":1,"changed":"2026-01-01T00:00:00+00:00"},{"sid":"S-1-5-21-1-2-3-1001","threshold":null,"limit":1,"changed":"2026-01-01T00:00:00+00:00"}]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[{"sid":"\ud800","threshold":null,"limit":1,"changed":"2026-01-01T00:00:00+00:00"}]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[{"sid":"S-1-5-21-1-2-3-1001","threshold":null,"limit":1,"changed":"yesterday"}]}""")]
    [InlineData("""{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[{"sid":"S-1-5-21-1-2-3-1001","threshold":null,"changed":"2026-01-01T00:00:00+00:00"}]}""")]
    [InlineData("""[{"version":1,"tracked":true,"enforced":true,"notesThreshold":false,"notesLimit":false,"defaultThreshold":null,"defaultLimit":null,"owners":[]}]""")]
    public async Task Limits_that_cannot_be_read_are_never_overwritten(string damage)
    {
        await LimitAsync(Alice, 1000);
        var file = Path.Join(_folder.Path, ".smb3-streams", "quotas.json");
        var whole = File.ReadAllText(file);
        File.WriteAllText(file, damage);
        Assert.Equal(1000, (await _store.GetQuotaAsync(Alice, CancellationToken.None)).Value.Limits.Limit);
        Assert.Equal(NtStatus.FileCorruptError, await _store.SetQuotaAsync(Bob, new QuotaLimits(null, 5), CancellationToken.None));
        Assert.Equal(NtStatus.FileCorruptError, await _store.SetQuotaSettingsAsync(default, CancellationToken.None));
        Assert.Equal(damage, File.ReadAllText(file));
        var refused = Assert.Throws<IOException>(() => new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true }));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);

        File.WriteAllText(file, whole);
        Assert.Equal(NtStatus.Success, await _store.SetQuotaAsync(Bob, new QuotaLimits(null, 5), CancellationToken.None));
        Assert.Equal(1000, (await _store.GetQuotaAsync(Alice, CancellationToken.None)).Value.Limits.Limit);
    }

    [LinuxFact]
    public async Task Clients_do_not_get_to_the_limits()
    {
        await LimitAsync(Alice, 1000);
        File.CreateSymbolicLink(Path.Join(_folder.Path, "link"), ".smb3-streams/quotas.json");
        foreach (var path in (string[])["link", @".smb3-streams\quotas.json", @".SMB3-Streams\quotas.json"])
        {
            Assert.False((await _store.OpenAsync(new(path), StoreAccess.ReadWrite, CancellationToken.None)).Succeeded);
        }

        Assert.Equal(NtStatus.AccessDenied, await TryCreateAsync(_store, @".smb3-streams", new NewFile { IsDirectory = true }));
    }

    [LinuxFact]
    public async Task What_other_programs_do_shows_with_the_next_count()
    {
        await WithAsync(await NewAsync(_store, "a"), file => file.PutAsync(0, new byte[1000]));
        using (var file = File.OpenWrite(Path.Join(_folder.Path, "a")))
        {
            file.SetLength(5000);
        }

        Assert.Equal(1000, await UsedAsync(Alice));
        await _store.RecountQuotasAsync();
        Assert.Equal(5000, await UsedAsync(Alice));
        File.Delete(Path.Join(_folder.Path, "a"));
        await _store.RecountQuotasAsync();
        Assert.Equal(0, await UsedAsync(Alice));
    }

    [LinuxFact]
    public async Task A_deep_folder_is_counted_once_and_no_link_is_followed()
    {
        var path = string.Empty;
        for (var depth = 0; depth < 200; depth++)
        {
            path = path.Length == 0 ? "d" : path + @"\d";
            await (await NewAsync(_store, path, isDirectory: true)).DisposeAsync();
            await WithAsync(await NewAsync(_store, path + @"\f"), file => file.PutAsync(0, new byte[10]));
            await (await NewAsync(_store, path + @"\e", isDirectory: true)).DisposeAsync();
            await WithAsync(await NewAsync(_store, path + @"\e\f"), file => file.PutAsync(0, new byte[1]));
        }

        File.CreateSymbolicLink(Path.Join(_folder.Path, "round"), ".");
        File.CreateSymbolicLink(Path.Join(_folder.Path, "file"), "d/f");
        Assert.Equal(2200, await UsedAsync(Alice));
        await AssertCountedAsync();
    }

    [LinuxFact]
    public async Task A_store_that_was_not_asked_to_has_no_quotas()
    {
        using var store = new PhysicalFileStore(_folder.Path);
        Assert.False(store.Traits.Has(StoreAbilities.Quotas));
        Assert.Equal(NtStatus.NotSupported, (await store.ListQuotasAsync(CancellationToken.None)).Status);
        using var portable = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true, Backend = PhysicalBackend.Portable });
        Assert.False(portable.Traits.Has(StoreAbilities.Quotas));
    }

    private static async Task<List<QuotaEntry>> ListAsync(PhysicalFileStore store) =>
        [.. (await store.ListQuotasAsync(CancellationToken.None)).Value.OrderBy(static entry => entry.Owner.ToString(), StringComparer.Ordinal)];

    private async Task OpenAsync()
    {
        _store = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true });
        await _store.RecountQuotasAsync();
        Assert.True(_store.Traits.Has(StoreAbilities.Quotas));
        Assert.Equal(QuotaState.Complete, _store.QuotaState);
    }

    private async Task DoSomethingAsync(Random random, string path, string other)
    {
        switch (random.Next(8))
        {
            case 0:
                await TryCreateAsync(_store, path, Owned(random.Next(2) == 0 ? Alice : Bob));
                break;
            case 1:
                await _store.DeleteAsync(new(path), CancellationToken.None);
                break;
            case 2:
                await _store.RenameAsync(new(path), new(other), replace: true, CancellationToken.None);
                break;
            case 3:
                await _store.LinkAsync(new(path), new(other), replace: true, CancellationToken.None);
                break;
            default:
                var opened = await _store.OpenAsync(new(path), StoreAccess.ReadWrite, CancellationToken.None);
                if (opened.Succeeded)
                {
                    await using var file = opened.Value;
                    await ChangeAsync(random, file);
                }

                break;
        }
    }

    private static async Task ChangeAsync(Random random, IStoreFile file)
    {
        switch (random.Next(4))
        {
            case 0:
                await file.SetLengthAsync(random.Next(10_000), CancellationToken.None);
                break;
            case 1:
                await ((ISecurableFile)file).SetSecurityDescriptorAsync(Descriptor(random.Next(2) == 0 ? Alice : Bob), CancellationToken.None);
                break;
            case 2:
                var streamed = (IStreamedFile)file;
                if (random.Next(3) == 0)
                {
                    await streamed.DeleteStreamAsync("s", CancellationToken.None);
                }
                else
                {
                    var opened = random.Next(2) == 0
                        ? await streamed.CreateStreamAsync("s", CancellationToken.None)
                        : await streamed.OpenStreamAsync("s", StoreAccess.ReadWrite, CancellationToken.None);
                    if (opened.Succeeded)
                    {
                        await using var stream = opened.Value;
                        await WriteAsync(stream, random.Next(3000), random.Next(1, 100));
                    }
                }

                break;
            default:
                await WriteAsync(file, random.Next(10_000), random.Next(1, 3000));
                break;
        }
    }

    private async Task LimitAsync(Sid owner, long limit)
    {
        var settings = new QuotaSettings { IsTracked = true, IsEnforced = true };
        Assert.Equal(NtStatus.Success, await _store.SetQuotaSettingsAsync(settings, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await _store.SetQuotaAsync(owner, new QuotaLimits(null, limit), CancellationToken.None));
    }

    private async Task<long> UsedAsync(Sid owner) => (await _store.GetQuotaAsync(owner, CancellationToken.None)).Value.Used;

    /// <summary>What is told is what another store finds that knows nothing but the folder.</summary>
    private async Task AssertCountedAsync()
    {
        using var fresh = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true });
        await fresh.RecountQuotasAsync();
        Assert.Equal(QuotaState.Complete, fresh.QuotaState);
        Assert.Equal(await ListAsync(fresh), await ListAsync(_store));
    }
}
