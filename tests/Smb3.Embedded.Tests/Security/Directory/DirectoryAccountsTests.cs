using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Directory;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Directory;

public sealed class DirectoryAccountsTests : IDisposable
{
    private readonly FakeDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<string?> _told = new();
    private readonly SmbDirectoryOptions _options = new() { MaxRequests = 2, MaxEntries = 3 };
    private DirectoryAccounts? _made;

    private DirectoryAccounts Accounts => _made ??= new DirectoryAccounts(_directory, _options, _time, _told.Enqueue);

    public void Dispose() => _made?.Dispose();

    [Fact]
    public async Task What_was_answered_is_not_asked_again_until_it_is_old()
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(FakeDirectory.Alice, (await NameAsync("EXAMPLE", "ALICE")).Value);
            Assert.Equal(FakeDirectory.Alice, (await NameAsync("example", "alice")).Value);
            Assert.Equal(FakeDirectory.Alice, (await SidAsync(FakeDirectory.Alice.Sid)).Value);
        }

        Assert.Equal(1, _directory.Asked);
        _time.Advance(_options.KeepFound);
        Assert.True((await SidAsync(FakeDirectory.Alice.Sid)).IsKnown);
        Assert.Equal(2, _directory.Asked);
    }

    [Fact]
    public async Task That_there_is_nobody_is_remembered_for_less_long_and_displaces_nobody()
    {
        await NameAsync(null, "alice");
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal((true, null), Both(await NameAsync(null, $"nobody{i}")));
        }

        Assert.Equal((true, null), Both(await NameAsync(null, "nobody99")));
        await NameAsync(null, "alice");
        Assert.Equal(101, _directory.Asked);
        _time.Advance(_options.KeepMissing);
        await NameAsync(null, "nobody99");
        await NameAsync(null, "alice");
        Assert.Equal(102, _directory.Asked);
    }

    [Fact]
    public async Task Names_that_no_directory_has_are_not_asked_for()
    {
        Assert.Equal((true, null), Both(await NameAsync(null, new string('a', 257))));
        Assert.Equal((true, null), Both(await NameAsync(new string('a', 257), "alice")));
        Assert.Equal((true, null), Both(await NameAsync(null, "")));
        Assert.Equal(0, _directory.Asked);
    }

    [Fact]
    public async Task Many_who_ask_for_one_account_are_one_question()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _directory.Answer = answer.Task;
        var asked = Enumerable.Range(0, 50).Select(_ => SidAsync(FakeDirectory.Alice.Sid)).ToArray();
        answer.SetResult();
        Assert.All(await Task.WhenAll(asked), found => Assert.Equal(FakeDirectory.Alice, found.Value));
        Assert.Equal(1, _directory.Asked);
    }

    [Fact]
    public async Task A_directory_that_hangs_is_given_up_and_left_alone_and_holds_no_more_than_its_places()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _directory.Answer = never.Task;
        var asked = Enumerable.Range(0, 20).Select(i => NameAsync(null, $"user{i}")).ToArray();
        await Until(() => _directory.Waiting == 2);
        await Until(() =>
        {
            // Some may have begun to wait only now.
            _time.Advance(_options.Timeout);
            return Array.TrueForAll(asked, task => task.IsCompleted);
        });
        Assert.All(await Task.WhenAll(asked), found => Assert.Equal((false, null), Both(found)));
        Assert.Equal(2, _directory.Asked);
        Assert.Equal(["no answer within 3 s"], _told);

        // Left alone: answered at once, without a question.
        Assert.False((await NameAsync(null, "alice")).IsKnown);
        Assert.Equal(2, _directory.Asked);

        // Both places are still taken: nothing more is asked after the pause either.
        _time.Advance(_options.Pause);
        var waits = NameAsync(null, "alice");
        _directory.Answer = null;
        never.SetResult();
        Assert.Equal(FakeDirectory.Alice, (await waits).Value);
        await Until(() => _told.Count == 2);
        Assert.Equal(["no answer within 3 s", null], _told);
    }

    [Fact]
    public async Task Who_no_longer_waits_ends_nobody_elses_question()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _directory.Answer = answer.Task;
        using var left = new CancellationTokenSource();
        var leaving = Accounts.FindAsync(FakeDirectory.Alice.Sid, left.Token).AsTask();
        var staying = SidAsync(FakeDirectory.Alice.Sid);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        answer.SetResult();
        Assert.Equal(FakeDirectory.Alice, (await staying).Value);
    }

    [Fact]
    public async Task What_could_not_be_asked_is_not_remembered_as_missing()
    {
        _directory.Fails = true;
        Assert.False((await NameAsync(null, "alice")).IsKnown);
        Assert.Equal(["The wire is cut."], _told);
        _directory.Fails = false;
        _time.Advance(_options.Pause);
        Assert.Equal(FakeDirectory.Alice, (await NameAsync(null, "alice")).Value);
    }

    private static (bool IsKnown, SmbAccount? Account) Both(DirectoryAnswer<SmbAccount> answer) => (answer.IsKnown, answer.Value);

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5);
        }
    }

    private Task<DirectoryAnswer<SmbAccount>> SidAsync(Sid sid) => Accounts.FindAsync(sid, CancellationToken.None).AsTask();

    private Task<DirectoryAnswer<SmbAccount>> NameAsync(string? domain, string name) =>
        Accounts.FindAsync(domain, name, CancellationToken.None).AsTask();
}
