using Smb3.Embedded.State;
using Xunit;
using static Smb3.Embedded.StoreConformance.StateSteps;

namespace Smb3.Embedded.StoreConformance;

/// <summary>What <see cref="IStateStore"/> promises of scopes, keys and values, as tests: a part of <see cref="StateStoreConformance"/>.</summary>
public abstract class StateRecordConformance : IAsyncLifetime
{
    private readonly List<IStateStore> _opened = [];

    /// <summary>The store under test.</summary>
    protected IStateStore Store { get; private set; } = null!;

    /// <summary>
    /// Whether what was committed is still there when the store is opened again, also beside one that is open. One in memory says no, and the
    /// tests use the same store again.
    /// </summary>
    protected virtual bool OutlivesInstances => true;

    /// <summary>Opens the store of this test: empty the first time, later with what was committed.</summary>
    protected abstract ValueTask<IStateStore> OpenStoreAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask InitializeAsync() => Store = await OpenAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask DisposeAsync()
    {
        foreach (var store in _opened)
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>The store once more, beside the first: as another server has it.</summary>
    protected async ValueTask<IStateStore> OpenBesideAsync() => OutlivesInstances ? await OpenAsync() : Store;

    /// <summary>Closes the store and opens it again, as a server that starts again does.</summary>
    protected async ValueTask ReopenAsync()
    {
        if (OutlivesInstances)
        {
            await Store.DisposeAsync();
            Store = await OpenAsync();
        }
    }

#pragma warning disable CS1591 // the names of the tests say what is promised

    /// <summary>Texts that a store might take for each other.</summary>
    private static string[] Confusable =>
    [
        "key", "Key", "KEY", "key ", " key", "key\0", "key\0a", "key\0b", "\0", "\0\0", "ke", "é", "e\u0301", "ß", "ss", "ı", "i", "I", "İ",
        "a\u00ADb", "ab", "a\u200Bb", "\uFEFFab", "\U0001F600", "\U0001F601", "\uFFFD", "\uFFFF", "%", "_", "'", "\"", "a\\b", "a/b", "1", "01", "1.0", "\r\n",
        "\n", "null", new('x', 255), new('x', 254), new('\u6F22', 255), string.Concat(Enumerable.Repeat("\U0001F600", 127)) + "x",
    ];

    [Fact]
    public async Task A_scope_that_does_not_exist_has_no_records() => Assert.Empty(await Store.ReadAsync("none"));

    [Fact]
    public async Task A_scope_is_empty_at_first_and_then_has_what_was_committed()
    {
        var token = await Store.AcquireAsync("scope");
        Assert.Empty(await Store.ReadAsync("scope"));
        await Store.CommitAsync("scope", token, Put("a", 1, 2, 3), Put("b", 4));
        await Store.CommitAsync("scope", token, Put("b", 5, 6), Put("c", 7));
        Assert.Equal("a=010203 b=0506 c=07", await Store.TellAsync("scope"));
        await ReopenAsync();
        Assert.Equal("a=010203 b=0506 c=07", await Store.TellAsync("scope"));
    }

    [Fact]
    public async Task A_removed_record_is_gone_and_removing_none_is_no_error()
    {
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, Put("a", 1), Put("b", 2));
        await Store.CommitAsync("scope", token, Remove("a"), Remove("never"));
        await Store.CommitAsync("scope", token, Remove("a"));
        Assert.Equal("b=02", await Store.TellAsync("scope"));
        await ReopenAsync();
        Assert.Equal("b=02", await Store.TellAsync("scope"));
    }

    [Fact]
    public async Task Of_several_changes_of_a_key_the_last_counts()
    {
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync(
            "scope", token, Put("put", 1), Put("gone", 1), Remove("back"), Put("put", 2), Remove("gone"), Put("back", 3), Put("put", 4));
        Assert.Equal("back=03 put=04", await Store.TellAsync("scope"));
    }

    [Fact]
    public async Task Scopes_have_their_own_records()
    {
        var first = await Store.AcquireAsync("first");
        var second = await Store.AcquireAsync("second");
        await Store.CommitAsync("first", first, Put("a", 1));
        await Store.CommitAsync("second", second, Put("a", 2), Put("b", 3));
        await Store.CommitAsync("first", first, Remove("b"));
        Assert.Equal("a=01", await Store.TellAsync("first"));
        Assert.Equal("a=02 b=03", await Store.TellAsync("second"));
    }

    [Fact]
    public async Task Keys_compare_exactly()
    {
        var keys = Confusable;
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, [.. keys.Select((key, i) => Put(key, (byte)i))]);
        await ReopenAsync();
        var records = (await Store.ReadAsync("scope")).ToDictionary(record => record.Key, record => record.Value.ToArray(), StringComparer.Ordinal);
        Assert.Equal(keys.Order(StringComparer.Ordinal), records.Keys.Order(StringComparer.Ordinal));
        Assert.All(keys.Index(), key => Assert.Equal([(byte)key.Index], records[key.Item]));

        token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, [.. keys.Skip(1).Select(key => Remove(key))]);
        Assert.Equal(keys[0], Assert.Single(await Store.ReadAsync("scope")).Key);
    }

    [Fact]
    public async Task Scopes_compare_exactly()
    {
        var tokens = new List<long>();
        foreach (var scope in Confusable)
        {
            tokens.Add(await Store.AcquireAsync(scope));
        }

        foreach (var (i, scope) in Confusable.Index())
        {
            await Store.CommitAsync(scope, tokens[i], Put("a", (byte)i));
        }

        await ReopenAsync();
        foreach (var (i, scope) in Confusable.Index())
        {
            Assert.Equal([(byte)i], Assert.Single(await Store.ReadAsync(scope)).Value.ToArray());
        }
    }

    [Fact]
    public async Task An_empty_value_is_a_value()
    {
        var token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, Put("a"), Put("b", 1));
        await Store.CommitAsync("scope", token, Put("b"));
        await ReopenAsync();
        Assert.Equal("a= b=", await Store.TellAsync("scope"));
    }

    [Fact]
    public async Task Values_are_kept_as_they_are_up_to_the_largest()
    {
        var token = await Store.AcquireAsync("scope");
        int[] sizes = [1, 255, 256, 1000, 1001, 4095, 4096, 4097, 65_535, 65_536, 1_000_000, StateLimits.MaxValueSize];
        var values = sizes.ToDictionary(size => $"{size}", StorePromises.Pattern);
        await Store.CommitAsync("scope", token, [.. values.Select(value => Put(value.Key, value.Value))]);
        await ReopenAsync();
        var records = await Store.ReadAsync("scope");
        Assert.Equal(values.Count, records.Count);
        Assert.All(records, record => Assert.True(record.Value.Span.SequenceEqual(values[record.Key]), record.Key));

        token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, [.. values.Keys.Select(key => Put(key, 1))]);
        Assert.All(await Store.ReadAsync("scope"), record => Assert.Equal([1], record.Value.ToArray()));
    }

    [Fact]
    public async Task A_hundred_thousand_records_are_kept_and_changed()
    {
        const int Count = 100_000;
        var token = await Store.AcquireAsync("scope");
        var value = StorePromises.Pattern(300);
        await Store.CommitAsync("scope", token, [.. Enumerable.Range(0, Count).Select(i => Put($"record {i}", value))]);
        await ReopenAsync();
        var records = await Store.ReadAsync("scope");
        Assert.Equal(Count, records.Select(record => record.Key).Distinct(StringComparer.Ordinal).Count());
        Assert.All(records, record => Assert.True(record.Value.Span.SequenceEqual(value)));

        token = await Store.AcquireAsync("scope");
        await Store.CommitAsync("scope", token, [.. Enumerable.Range(1, Count - 1).Select(i => Remove($"record {i}"))]);
        Assert.Equal("record 0", Assert.Single(await Store.ReadAsync("scope")).Key);
    }

    [Fact]
    public async Task What_no_store_takes_is_refused_and_its_batch_changes_nothing()
    {
        var token = await Store.AcquireAsync("scope");
        foreach (var name in new[] { "", new string('x', 256), "\uD83D", "a\uDE00", "\uDE00\uD83D", "\U0001F600\uD83D" })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.AcquireAsync(name));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.ReadAsync(name));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.CommitAsync(name, 1, Put("a", 1)));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.CommitAsync("scope", token, Put("a", 1), Put(name, 1)));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.CommitAsync("scope", token, Put("a", 1), Remove(name)));
        }

        await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await Store.CommitAsync("scope", token, Put("a", 1), Put("b", new byte[StateLimits.MaxValueSize + 1])));
        Assert.Empty(await Store.ReadAsync("scope"));
    }

    [Fact]
    public async Task Nobody_changes_what_was_committed_or_read()
    {
        var token = await Store.AcquireAsync("scope");
        var value = new byte[] { 1, 2, 3 };
        await Store.CommitAsync("scope", token, Put("a", value));
        value[0] = 9;
        var read = await Store.ReadAsync("scope");
        await Store.CommitAsync("scope", token, Put("a", 7), Put("b", 8));
        Assert.Equal([1, 2, 3], Assert.Single(read).Value.ToArray());
        Assert.Equal("a=07 b=08", await Store.TellAsync("scope"));
    }

    private async ValueTask<IStateStore> OpenAsync()
    {
        var store = await OpenStoreAsync();
        _opened.Add(store);
        return store;
    }
}
