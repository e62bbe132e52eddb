using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class UsersFileTests : IDisposable
{
    private const string Hash = "8846F7EAEE8FB117AD06BDD830B7586C"; // of "password"

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger _log = new();
    private int _writes;

    private string File => Path.Combine(_folder.Path, "users");

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task Both_formats_are_read()
    {
        Write(
            "# comment", "", $"alice:{Hash}", $"bob:{Hash.ToLowerInvariant()}:staff, admins:Bob B.", $"carol:!{Hash}",
            $"dora:1001:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:{Hash}:[U          ]:LCT-5F000000:",
            $"emil:1002:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:{Hash}:[DU         ]:LCT-5F000000:",
            $"none:1003:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:[NU         ]:LCT-5F000000:",
            $"pc$:1004:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:{Hash}:[W          ]:LCT-5F000000:");
        using var users = new SmbUsersFile(File, _log, _time);
        Assert.Equal(6, users.Count);
        Assert.Equal(Hash, Convert.ToHexString((await FindAsync(users, "ALICE"))!.NtHash.Span));
        var bob = await FindAsync(users, "bob");
        Assert.Equal(["staff", "admins"], bob!.Groups);
        Assert.Equal("Bob B.", bob.DisplayName);
        Assert.Equal([true, false, true, true], new[] { await FindAsync(users, "carol"), await FindAsync(users, "dora"), await FindAsync(users, "emil"), await FindAsync(users, "none") }
            .Select(user => user!.Disabled));
    }

    [Theory]
    [InlineData("line 2: there is a user 'ALICE' already", "ALICE:" + Hash)]
    [InlineData("line 2: user 'bob' has an empty password", "bob:31d6cfe0d16ae931b73c59d7e0c089c0")]
    [InlineData("line 2: the NT hash of 'bob' is not 32", "bob:secret")]
    [InlineData("line 2: write NAME:NTHASH", "bob")]
    [InlineData("line 2: there is no name", ":" + Hash)]
    public void A_wrong_line_is_said_without_what_is_secret_in_it(string says, string line)
    {
        Write($"alice:{Hash}", line);
        var fault = Assert.Throws<InvalidDataException>(() => new SmbUsersFile(File, _log, _time));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_read_again_when_it_has_changed_and_says_who_has()
    {
        Write($"alice:{Hash}", $"bob:{Hash}", $"carol:{Hash}", $"dora:{Hash}");
        using var users = new SmbUsersFile(File, _log, _time);
        var changed = new List<string>();
        users.Changed += change => changed.Add(change.UserName);
        Write($"alice:{Hash}", $"bob:{Hash}:staff", $"carol:!{Hash}", $"new:{Hash}");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["bob", "carol", "dora"], changed.Order());
        Assert.Null(await FindAsync(users, "dora"));
        Assert.NotNull(await FindAsync(users, "new"));
    }

    [Fact]
    public async Task What_cannot_be_read_changes_nothing()
    {
        Write($"alice:{Hash}");
        using var users = new SmbUsersFile(File, _log, _time);
        Write("alice");
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotNull(await FindAsync(users, "alice"));
        System.IO.File.Delete(File);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotNull(await FindAsync(users, "alice"));
        Write($"bob:{Hash}");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await FindAsync(users, "alice"));
        Assert.NotNull(await FindAsync(users, "bob"));
    }

    [Fact]
    public void An_entry_is_a_line_that_is_read()
    {
        Assert.Equal($"alice:{Hash}", SmbUsersFile.MakeEntry("alice", "password"));
        Assert.Equal($"alice:{Hash}:a,b", SmbUsersFile.MakeEntry("alice", "password", ["a", "b"]));
        Assert.Throws<ArgumentException>(() => SmbUsersFile.MakeEntry("alice", ""));
        Assert.Throws<ArgumentException>(() => SmbUsersFile.MakeEntry("a:b", "x"));
        Assert.Throws<ArgumentException>(() => SmbUsersFile.MakeEntry("a\nb", "x"));
        Assert.Throws<ArgumentException>(() => SmbUsersFile.MakeEntry("a", "x", ["b,c"]));
    }

    private static async Task<SmbUser?> FindAsync(SmbUsersFile users, string name) => await users.FindAsync(name, "", CancellationToken.None);

    private void Write(params string[] lines)
    {
        System.IO.File.WriteAllLines(File, lines);

        // The clock of the file system may be too coarse to tell two writes apart.
        System.IO.File.SetLastWriteTimeUtc(File, new DateTime(2026, 1, 1, 0, 0, ++_writes, DateTimeKind.Utc));
    }
}
