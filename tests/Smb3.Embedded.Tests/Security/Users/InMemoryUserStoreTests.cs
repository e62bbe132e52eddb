using Xunit;

namespace Smb3.Embedded.Tests.Security.Users;

public class InMemoryUserStoreTests
{
    [Fact]
    public async Task NamesAreFoundInAnyCase()
    {
        var store = new InMemoryUserStore();
        store.Add("Alice", "Password", ["g"], "A");
        var user = await store.FindAsync("aLICE", "any", default);
        Assert.Equal("Alice", user!.Name);
        Assert.Equal("A4F49C406510BDCAB6824EE7C30FD852", Convert.ToHexString(user.NtHash.Span));
        Assert.Null(await store.FindAsync("bob", "", default));
    }

    [Fact]
    public async Task RemovingZeroesTheHash()
    {
        var store = new InMemoryUserStore();
        store.Add("Alice", "Password");
        var user = await store.FindAsync("Alice", "", default);
        Assert.True(store.Remove("alice"));
        Assert.False(user!.NtHash.Span.ContainsAnyExcept((byte)0));
        Assert.Null(await store.FindAsync("Alice", "", default));
        Assert.False(store.Remove("Alice"));
    }

    [Fact]
    public async Task ReplacingZeroesTheOldHash()
    {
        var store = new InMemoryUserStore();
        store.Add("Alice", "old");
        var old = await store.FindAsync("Alice", "", default);
        store.Add("ALICE", "Password");
        Assert.False(old!.NtHash.Span.ContainsAnyExcept((byte)0));
        var user = await store.FindAsync("alice", "", default);
        Assert.Equal("A4F49C406510BDCAB6824EE7C30FD852", Convert.ToHexString(user!.NtHash.Span));
        Assert.Equal(1, store.Count);
    }

    [Fact]
    public void NamesAndHashesAreChecked()
    {
        var store = new InMemoryUserStore();
        Assert.Throws<ArgumentException>(() => store.Add("", "x"));
        Assert.Throws<ArgumentException>(() => store.AddHash("a", new byte[15]));
    }
}
