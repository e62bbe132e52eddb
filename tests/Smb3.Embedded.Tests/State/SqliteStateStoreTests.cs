using Microsoft.Data.Sqlite;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.State;

public sealed class SqliteStateStoreTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public SqliteStateStoreTests() => _file = Path.Join(_folder.Path, "state.db");

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task The_file_is_made_with_the_first_use_for_its_owner_only()
    {
        await using var store = new SqliteStateStore(_file);
        Assert.False(File.Exists(_file));
        await store.AcquireAsync("scope", None);
        var files = Directory.GetFiles(_folder.Path);
        Assert.Contains(_file, files);
        Assert.Contains(_file + "-wal", files);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal([UnixFileMode.UserRead | UnixFileMode.UserWrite], files.Select(File.GetUnixFileMode).Distinct());
        }

        await store.DisposeAsync();
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_store_is_disposed_by_containers_that_do_not_wait()
    {
        using (var store = new SqliteStateStore(_file))
        {
            await store.CommitAsync("scope", await store.AcquireAsync("scope", None), [StateChange.Put("a", new byte[] { 1 })], None);
        }

        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Many_open_one_file_at_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var file = Path.Join(_folder.Path, $"{round}.db");
            var stores = Enumerable.Range(0, 16).Select(_ => new SqliteStateStore(file)).ToList();
            var tokens = await Task.WhenAll(stores.Select(store => Task.Run(() => store.AcquireAsync("scope", None).AsTask())));
            Assert.Equal(Enumerable.Range(1, 16).Select(i => (long)i), tokens.Order());
            await Task.WhenAll(stores.Select(store => store.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task What_comes_while_others_are_written_shares_a_transaction()
    {
        await using var store = new SqliteStateStore(_file);
        var token = await store.AcquireAsync("scope", None);
        var before = store.Transactions;
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(
            i => store.CommitAsync("scope", token, [StateChange.Put($"{i}", new byte[100])], None).AsTask()));
        Assert.InRange(store.Transactions - before, 1, 100);
        Assert.Equal(1000, (await store.ReadAsync("scope", None)).Count);
    }

    [Fact]
    public async Task A_lock_of_another_program_is_waited_for_and_then_told()
    {
        await using var store = new SqliteStateStore(_file) { LockTimeout = TimeSpan.FromMilliseconds(100) };
        await using var patient = new SqliteStateStore(_file);
        var token = await store.AcquireAsync("scope", None);
        await patient.AcquireAsync("other", None);
        await using var other = await OpenAsync(_file);
        Execute(other, "BEGIN IMMEDIATE");

        var refused = await Assert.ThrowsAsync<SqliteStateException>(async () => await store.CommitAsync("scope", token, [Put("a")], None));
        Assert.Equal(SqliteStateProblem.Locked, refused.Problem);
        Assert.Contains(_file, refused.Message, StringComparison.Ordinal);
        Assert.Empty(await store.ReadAsync("scope", None)); // reading needs no lock
        var waiting = patient.CommitAsync("scope", token, [Put("b")], None).AsTask();
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);

        Execute(other, "COMMIT");
        await waiting;
        await store.CommitAsync("scope", token, [Put("c")], None);
        Assert.Equal(["b", "c"], from record in await store.ReadAsync("scope", None) orderby record.Key select record.Key);
    }

    [Fact]
    public async Task What_is_no_database_is_not_touched()
    {
        var text = new string('x', 5000);
        File.WriteAllText(_file, text);
        await RefusedAsync(SqliteStateProblem.NotAStateFile);
        Assert.Equal(text, File.ReadAllText(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task The_database_of_another_program_is_not_touched()
    {
        await using (var other = await OpenAsync(_file))
        {
            Execute(other, "CREATE TABLE bookmarks (url TEXT)");
        }

        var before = File.ReadAllBytes(_file);
        await RefusedAsync(SqliteStateProblem.NotAStateFile);
        Assert.Equal(before, File.ReadAllBytes(_file));
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_not_touched()
    {
        await FillAsync();
        await using (var other = await OpenAsync(_file))
        {
            Execute(other, $"PRAGMA user_version = {StateFile.Version + 1}");
        }

        var before = File.ReadAllBytes(_file);
        var refused = await RefusedAsync(SqliteStateProblem.TooNew);
        Assert.Contains($"version {StateFile.Version + 1}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_file));
    }

    [Theory]
    [InlineData(100)] // the schema
    [InlineData(4096)] // everything else
    public async Task A_damaged_file_is_told(int from)
    {
        await FillAsync();
        var bytes = File.ReadAllBytes(_file);
        bytes.AsSpan(from).Fill(0xA5);
        File.WriteAllBytes(_file, bytes);
        await RefusedAsync(SqliteStateProblem.Damaged);
    }

    [Fact]
    public async Task A_folder_that_is_missing_and_a_folder_in_place_of_the_file_are_told()
    {
        Directory.CreateDirectory(_file);
        await RefusedAsync(SqliteStateProblem.NotAStateFile);
        await RefusedAsync(SqliteStateProblem.Missing, Path.Join(_folder.Path, "none", "state.db"));
    }

    [Fact]
    public async Task A_file_that_was_removed_is_told_and_not_made_again()
    {
        await using var store = new SqliteStateStore(_file);
        var token = await store.AcquireAsync("scope", None);
        await store.CommitAsync("scope", token, [Put("a")], None);
        var elsewhere = Path.Join(_folder.Path, "elsewhere.db");
        Move(_file, elsewhere);
        for (var i = 0; i < 2; i++)
        {
            var refused = await Assert.ThrowsAsync<SqliteStateException>(async () => await store.CommitAsync("scope", token, [Put("b")], None));
            Assert.Equal(SqliteStateProblem.Missing, refused.Problem);
            await Assert.ThrowsAsync<SqliteStateException>(async () => await store.ReadAsync("scope", None));
        }

        Assert.False(File.Exists(_file));
        Move(elsewhere, _file);
        await store.CommitAsync("scope", token, [Put("c")], None);
        Assert.Equal(["a", "c"], from record in await store.ReadAsync("scope", None) orderby record.Key select record.Key);
    }

    [RootFact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_nothing_else()
    {
        Machine.Run("mount", "-t", "tmpfs", "-o", "size=4m", "none", _folder.Path);
        try
        {
            await using var store = new SqliteStateStore(_file);
            var token = await store.AcquireAsync("scope", None);
            var small = new List<Task>();
            var large = new List<Task>();
            for (var i = 0; i < 20; i++)
            {
                small.Add(store.CommitAsync("scope", token, [Put($"small {i}")], None).AsTask());
                large.Add(store.CommitAsync("scope", token, [StateChange.Put("large", new byte[6 << 20])], None).AsTask());
            }

            await Task.WhenAll(small);
            foreach (var refused in large)
            {
                Assert.Equal(SqliteStateProblem.DiskFull, (await Assert.ThrowsAsync<SqliteStateException>(() => refused)).Problem);
            }

            Assert.Equal(20, (await store.ReadAsync("scope", None)).Count);
        }
        finally
        {
            Machine.Run("umount", _folder.Path);
        }
    }

    [RootFact]
    public async Task A_read_only_place_is_told()
    {
        Machine.Run("mount", "-t", "tmpfs", "-o", "size=4m", "none", _folder.Path);
        try
        {
            Machine.Run("mount", "-o", "remount,ro", _folder.Path);
            await RefusedAsync(SqliteStateProblem.ReadOnly);
            Machine.Run("mount", "-o", "remount,rw", _folder.Path);
            await FillAsync();
            Machine.Run("mount", "-o", "remount,ro", _folder.Path);
            await RefusedAsync(SqliteStateProblem.ReadOnly);
        }
        finally
        {
            Machine.Run("umount", _folder.Path);
        }
    }

    [Fact]
    public async Task The_file_and_its_log_do_not_grow_with_what_was_written()
    {
        await using (var store = new SqliteStateStore(_file))
        {
            var token = await store.AcquireAsync("scope", None);
            for (var i = 0; i < 50; i++)
            {
                await store.CommitAsync("scope", token, [.. Enumerable.Range(0, 100).Select(j => Put($"{j}", 5_000, i + 1))], None);
            }

            Assert.InRange(new FileInfo(_file).Length, 0, 4 << 20); // 25 MB were written
            Assert.InRange(new FileInfo(_file + "-wal").Length, 0, 8 << 20);

            await store.CommitAsync("scope", token, [.. Enumerable.Range(0, 8).Select(j => Put($"large {j}", 10_000_000, j))], None);
            for (var i = 0; i < 20; i++)
            {
                await store.CommitAsync("scope", token, [.. Enumerable.Range(0, 100).Select(j => Put($"{j}", 5_000, i + 1))], None);
            }

            Assert.InRange(new FileInfo(_file + "-wal").Length, 0, 20 << 20);
            await store.CommitAsync("scope", token, [.. Enumerable.Range(0, 8).Select(j => StateChange.Remove($"large {j}"))], None);
        }

        Assert.InRange(new FileInfo(_file).Length, 80_000_000, long.MaxValue);
        await using (var store = new SqliteStateStore(_file))
        {
            await store.AcquireAsync("scope", None);
            Assert.Equal(100, (await store.ReadAsync("scope", None)).Count);
        }

        Assert.InRange(new FileInfo(_file).Length, 0, 4 << 20);
    }

    [Fact]
    public void A_lock_timeout_has_limits()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SqliteStateStore(_file) { LockTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SqliteStateStore(_file) { LockTimeout = TimeSpan.FromHours(1) });
        Assert.Equal(Path.GetFullPath("relative.db"), new SqliteStateStore("relative.db").Path);
    }

    private static StateChange Put(string key) => StateChange.Put(key, new byte[] { 1 });

    /// <summary>Content that is another each time: SQLite does not write again what is there.</summary>
    private static StateChange Put(string key, int size, int content)
    {
        var value = new byte[size];
        value.AsSpan().Fill((byte)content);
        return StateChange.Put(key, value);
    }

    private static void Move(string from, string to)
    {
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(from)!, Path.GetFileName(from) + "*"))
        {
            File.Move(file, to + file[from.Length..]);
        }
    }

    private static async Task<SqliteConnection> OpenAsync(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task FillAsync()
    {
        await using var store = new SqliteStateStore(_file);
        var token = await store.AcquireAsync("scope", None);
        await store.CommitAsync("scope", token, [.. Enumerable.Range(0, 500).Select(i => StateChange.Put($"{i}", new byte[500]))], None);
    }

    /// <summary>Every use of the file is refused for the reason, and the message says which file it is.</summary>
    private async Task<SqliteStateException> RefusedAsync(SqliteStateProblem problem, string? file = null)
    {
        await using var store = new SqliteStateStore(file ?? _file) { LockTimeout = TimeSpan.FromMilliseconds(200) };
        var refused = await Assert.ThrowsAsync<SqliteStateException>(
            async () =>
            {
                var token = await store.AcquireAsync("scope", None);
                await store.CommitAsync("scope", token, [StateChange.Put("new", new byte[2000])], None);
            });
        Assert.Equal(problem, refused.Problem);
        Assert.Contains(store.Path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(problem, (await Assert.ThrowsAsync<SqliteStateException>(async () => await store.ReadAsync("scope", None))).Problem);
        return refused;
    }
}
