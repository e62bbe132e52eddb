using System.Buffers;
using System.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files.Caching;

/// <summary>What clients cache of a file that programs on the machine use too.</summary>
public sealed class LocalProgramTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(400);

    private readonly TemporaryFolder _folder = new();
    private readonly PhysicalFileStore _store;

    public LocalProgramTests() => _store = new PhysicalFileStore(_folder.Path);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete();
    }

    [LinuxTheory]
    [InlineData("echo more >> f")]
    [InlineData("echo new > tmp && mv tmp f")]
    [InlineData("truncate -s 1 f")]
    [InlineData("chmod 640 f")]
    [InlineData("touch -d 2001-01-01 f")]
    [InlineData("rm f")]
    [InlineData("mv f g")]
    public async Task A_change_that_a_local_program_makes_ends_the_caching_of_the_file(string command)
    {
        var client = new CachingClient(MakeVolume(holds: false));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var oplock = await client.OplockAsync(CachingClient.RWH);
        Assert.Equal(CachingClient.RWH, oplock.Grant!.State);
        await ShellAsync(command);
        Assert.Equal(CacheState.None, (await BreakAsync(client)).To);
        Assert.Equal(NtStatus.Success, CachingClient.Answer(oplock, CacheState.None));
        await oplock.CloseAsync();
    }

    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_server_does_itself_and_what_only_reads_ends_nothing(bool holds)
    {
        var client = new CachingClient(MakeVolume(holds));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var first = await client.LeaseAsync(1, CachingClient.RWH);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(first, i, 1));
            if (i % 10 == 0)
            {
                await Task.Delay(15);
            }
        }

        var second = await client.LeaseAsync(1, CachingClient.RWH);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(second, 0, 2));
        await second.CloseAsync();
        Assert.Equal(NtStatus.Success, await first.SetEndOfFileAsync(3, CancellationToken.None));
        Assert.Equal(NtStatus.Success, await first.RenameAsync("g", replace: false, posix: false, onWait: null, CancellationToken.None));
        if (!holds)
        {
            await ShellAsync("cat g");
        }

        await Task.Delay(Silence);
        Assert.Empty(client.TakeBreaks());
        Assert.Equal(CachingClient.RWH, first.Grant!.State);
        await first.CloseAsync();
    }

    [LinuxFact]
    public async Task A_local_reader_waits_for_what_the_client_has_yet_to_write()
    {
        var client = new CachingClient(MakeVolume(holds: true));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.LeaseAsync(1, CachingClient.RWH);
        using var reader = Process.Start(
            new ProcessStartInfo("/bin/cat", ["f"]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true })!;
        Assert.Equal(CachingClient.RH, (await BreakAsync(client)).To);
        await Task.Delay(Silence);
        Assert.False(reader.HasExited);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 0, (byte)'n', (byte)'e', (byte)'w'));
        Assert.Equal(NtStatus.Success, client.Answer(1, CachingClient.RH));
        Assert.Equal("new", await reader.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
        await reader.WaitForExitAsync().WaitAsync(Patience);

        // What the client still caches ends with the next change. The kernel's clock for files ticks every few milliseconds only, and
        // within one tick of a change by the server it cannot be told whose the next one is.
        await Task.Delay(Silence);
        await ShellAsync("echo more >> f");
        Assert.Equal(CacheState.None, (await BreakAsync(client)).To);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.None));
        await open.CloseAsync();
    }

    [LinuxFact]
    public async Task A_local_writer_waits_until_the_client_caches_nothing()
    {
        var client = new CachingClient(MakeVolume(holds: true));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.LeaseAsync(1, CachingClient.RWH);
        var writing = ShellAsync("echo more >> f");
        Assert.Equal(CacheState.None, (await BreakAsync(client)).To);
        await Task.Delay(Silence);
        Assert.False(writing.IsCompleted);
        Assert.Equal(NtStatus.Success, client.Answer(1, CacheState.None));
        await writing.WaitAsync(Patience);
        await open.CloseAsync();
    }

    [LinuxFact]
    public async Task A_local_reader_is_noticed_after_the_server_has_opened_and_closed_the_file_once_more()
    {
        var client = new CachingClient(MakeVolume(holds: true));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.LeaseAsync(1, CachingClient.RWH);
        await (await client.LeaseAsync(1, CachingClient.RWH)).CloseAsync();
        var reading = ShellAsync("cat f");
        Assert.Equal(CachingClient.RH, (await BreakAsync(client)).To);
        Assert.False(reading.IsCompleted);
        Assert.Equal(NtStatus.Success, client.Answer(1, CachingClient.RH));
        await reading.WaitAsync(Patience);
        await open.CloseAsync();
    }

    [LinuxFact]
    public async Task A_client_that_closes_lets_local_programs_go_on()
    {
        var client = new CachingClient(MakeVolume(holds: true));
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.OplockAsync(CachingClient.RWH);
        var writing = ShellAsync("echo more >> f");
        await BreakAsync(client);
        await open.CloseAsync();
        await writing.WaitAsync(Patience);
        Assert.Empty(client.TakeBreaks());
    }

    [LinuxFact]
    public async Task The_server_does_not_wait_for_its_own_lease_when_others_open_the_file()
    {
        var volume = MakeVolume(holds: true);
        var client = new CachingClient(volume);
        var other = new CachingClient(volume);
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.LeaseAsync(1, CachingClient.RWH);
        var opening = other.TryLeaseAsync(1, CachingClient.RWH);
        Assert.Equal(CachingClient.RH, (await BreakAsync(client)).To);
        Assert.Equal(NtStatus.Success, client.Answer(1, CachingClient.RH));
        var outcome = await opening.WaitAsync(Patience);
        Assert.Equal(NtStatus.Success, outcome.Status);
        await Task.Delay(Silence);
        Assert.Empty(client.TakeBreaks());
        await outcome.Open!.CloseAsync();
        await open.CloseAsync();
    }

    [LinuxFact]
    public async Task Where_it_is_switched_off_nothing_is_noticed()
    {
        var volume = new TestVolume(_ => _store, configure: options => options with { Time = TimeProvider.System });
        var client = new CachingClient(volume);
        await File.WriteAllTextAsync(PathOf("f"), "old");
        var open = await client.OplockAsync(CachingClient.RWH);
        await ShellAsync("echo more >> f");
        await Task.Delay(Silence);
        Assert.Empty(client.TakeBreaks());
        await open.CloseAsync();
    }

    private TestVolume MakeVolume(bool holds) => new(_ => _store, configure: options => options with
    {
        Time = TimeProvider.System,
        NoticesLocalPrograms = true,
        HoldsLocalPrograms = holds,
    });

    private string PathOf(string name) => System.IO.Path.Combine(_folder.Path, name);

    private async Task ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", command]) { WorkingDirectory = _folder.Path })!;
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    private static async Task<CacheBreak> BreakAsync(CachingClient client)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (client.TakeBreaks() is { Count: > 0 } breaks)
            {
                return Assert.Single(breaks);
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "No break came.");
            await Task.Delay(10);
        }
    }
}
