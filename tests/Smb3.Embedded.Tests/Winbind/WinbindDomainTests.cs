using System.Diagnostics;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Winbind;
using Xunit;

namespace Smb3.Embedded.Tests.Winbind;

/// <summary>Programs that stand for those of winbind, and do what those do on a bad day.</summary>
public sealed class WinbindDomainTests : IDisposable
{
    private const string Alice = "S-1-5-21-7-8-9-1104";

    // Reads a question, and answers yes.
    private const string Accepts = """
        while read -r line; do case "$line" in
          Username::*) echo "$line" >>"$0.asked" ;;
          .) printf 'Authenticated: Yes\nUser-Session-Key: 000102030405060708090A0B0C0D0E0F\n.\n' ;;
        esac; done
        """;

    private const string Names = """
        printf '%s\n' "$1" >>"$0.asked"
        case "$1" in
          --separator) echo '\' ;;
          --own-domain) echo EXAMPLE ;;
          '--name-to-sid=EXAMPLE\alice') echo 'S-1-5-21-7-8-9-1104 SID_USER (1)' ;;
          --sid-to-name=S-1-5-21-7-8-9-1104) echo 'EXAMPLE\Alice 1' ;;
          --sid-to-name=S-1-5-21-7-8-9) echo 'EXAMPLE 3' ;;
          --user-sids=S-1-5-21-7-8-9-1104) printf 'S-1-5-21-7-8-9-1104\nS-1-5-21-7-8-9-513\nS-1-5-21-7-8-9-1106\n' ;;
          *) echo 'failed to call wbcLookupName: WBC_ERR_DOMAIN_NOT_FOUND' >&2; exit 1 ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<WinbindDomain> _made = [];

    public void Dispose()
    {
        _made.ForEach(domain => domain.Dispose());
        _folder.Delete();
    }

    [LinuxFact]
    public async Task A_logon_that_the_domain_accepts_has_a_key_and_SIDs()
    {
        var domain = Create(Accepts);
        for (var i = 0; i < 2; i++)
        {
            var result = await CheckAsync(domain);
            Assert.Equal(NtStatus.Success, result.Status);
            Assert.Equal(new SmbAccount(Sid.Parse(Alice), "Alice", "EXAMPLE", SidNameUse.User), result.Account);
            Assert.Equal("S-1-5-21-7-8-9-513", result.PrimaryGroup!.ToString());
            Assert.Equal(["S-1-5-21-7-8-9-513", "S-1-5-21-7-8-9-1106"], result.Groups.Select(group => group.ToString()));
            Assert.Equal(15, result.SessionBaseKey[15]);
        }
    }

    [LinuxTheory]
    [InlineData("When trying to update a password, this return status indicates that the value provided as the current password is not correct.", NtStatus.WrongPassword)]
    [InlineData("The specified account does not exist.", NtStatus.NoSuchUser)]
    [InlineData("The referenced account is currently disabled and may not be logged on to.", NtStatus.AccountDisabled)]
    [InlineData("There are currently no logon servers available to service the logon request.", NtStatus.NoLogonServers)]
    [InlineData("Something that nobody has heard of.", NtStatus.AccountRestriction)]
    public async Task A_refusal_says_why_and_the_next_answer_is_not_mistaken_for_it(string words, NtStatus status)
    {
        var domain = Create($$"""
            n=0
            while read -r line; do [ "$line" = . ] || continue
              n=$((n + 1))
              if [ $n = 1 ]; then printf 'Authenticated: No\nAuthentication-Error: {{words}}\n.\n.\n'
              else printf 'Authenticated: Yes\nUser-Session-Key: 000102030405060708090A0B0C0D0E0F\n.\n'; fi
            done
            """);
        Assert.Equal(status, (await CheckAsync(domain)).Status);
        Assert.Equal(NtStatus.Success, (await CheckAsync(domain)).Status);
    }

    [LinuxFact]
    public async Task A_helper_that_hangs_is_ended_and_another_one_asked()
    {
        var domain = Create("""
            echo $$ >"$0.pid"
            [ -e "$0.hung" ] || { : >"$0.hung"; exec sleep 600; }
            while read -r line; do [ "$line" = . ] && printf 'Authenticated: Yes\nUser-Session-Key: 000102030405060708090A0B0C0D0E0F\n.\n'; done
            """);
        var fault = await Assert.ThrowsAsync<WinbindException>(() => CheckAsync(domain));
        Assert.Contains("not answered within 1 s", fault.Message, StringComparison.Ordinal);
        var hung = int.Parse(await File.ReadAllTextAsync(Path("ntlm_auth.pid")), System.Globalization.CultureInfo.InvariantCulture);
        await UntilAsync(() => !IsRunning(hung));
        Assert.Equal(NtStatus.Success, (await CheckAsync(domain)).Status);
    }

    [LinuxFact]
    public async Task A_helper_that_ends_at_once_is_not_started_again_and_again()
    {
        var domain = Create("echo x >>\"$0.started\"; exit 1");
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<WinbindException>(() => CheckAsync(domain));
        }

        Assert.InRange((await File.ReadAllLinesAsync(Path("ntlm_auth.started"))).Length, 1, 5);
    }

    [LinuxFact]
    public async Task A_helper_that_ended_while_it_had_nothing_to_do_is_replaced()
    {
        var domain = Create("""
            while read -r line; do [ "$line" = . ] && { printf 'Authenticated: Yes\nUser-Session-Key: 000102030405060708090A0B0C0D0E0F\n.\n'; exit; }; done
            """);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(NtStatus.Success, (await CheckAsync(domain)).Status);
        }
    }

    [LinuxFact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var domain = new WinbindDomain(new WinbindOptions { NtlmAuth = Path("none"), Wbinfo = Path("none") });
        _made.Add(domain);
        Assert.Contains(Path("none"), (await Assert.ThrowsAsync<WinbindException>(() => CheckAsync(domain))).Message, StringComparison.Ordinal);
        Assert.Contains(
            Path("none"),
            (await Assert.ThrowsAsync<WinbindException>(() => domain.FindAsync(null, "alice", default).AsTask())).Message, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task What_a_client_sends_is_no_line_and_no_option_of_a_program()
    {
        var domain = Create(Accepts);
        await Assert.ThrowsAsync<WinbindException>(() => CheckAsync(domain, "x\nUsername: root\n.\nAuthenticated: Yes"));
        Assert.Single(await File.ReadAllLinesAsync(Path("ntlm_auth.asked")));
        Assert.Null(await domain.FindAsync(null, "a\nb", default));
        Assert.Null(await domain.FindAsync("EXAMPLE", "a\0b", default));
        Assert.Null(await domain.FindAsync(null, "--help; touch /tmp/x $(id)", default));
        var asked = await File.ReadAllLinesAsync(Path("wbinfo.asked"));
        Assert.Contains(@"--name-to-sid=EXAMPLE\--help; touch /tmp/x $(id)", asked);
        Assert.DoesNotContain(asked, line => line == "b" || line.Contains('\0', StringComparison.Ordinal));
    }

    [LinuxFact]
    public async Task Names_and_SIDs_are_translated()
    {
        var domain = Create(Accepts);
        var alice = new SmbAccount(Sid.Parse(Alice), "Alice", "EXAMPLE", SidNameUse.User);
        Assert.Equal(alice, await domain.FindAsync(null, "alice", default));
        Assert.Equal(alice, await domain.FindAsync("EXAMPLE", "alice", default));
        Assert.Equal(alice, await domain.FindAsync(alice.Sid, default));
        Assert.Equal(SidNameUse.Domain, (await domain.FindAsync(alice.Sid.Domain!, default))!.Use);
        Assert.Equal(2, (await domain.FindGroupsAsync(alice.Sid, default))!.Count);
        Assert.Null(await domain.FindAsync(Sid.Parse("S-1-5-21-1-1-1-1"), default));
        Assert.Null(await domain.FindGroupsAsync(Sid.Parse("S-1-5-21-1-1-1-1"), default));
    }

    [Fact]
    public void Limits_have_limits()
    {
        var e = Assert.Throws<OptionsValidationException>(() => new WinbindDomain(new WinbindOptions { MaxHelpers = 0, Timeout = TimeSpan.Zero }));
        Assert.Equal(2, e.Failures.Count());
    }

    private static Task<SmbDomainLogonResult> CheckAsync(WinbindDomain domain, string user = "alice") => domain.CheckAsync(
        new SmbDomainLogon { UserName = user, DomainName = "EXAMPLE", WorkstationName = "C", ServerChallenge = new byte[8], NtResponse = new byte[60] },
        CancellationToken.None).AsTask();

    private static bool IsRunning(int process)
    {
        try
        {
            return !Process.GetProcessById(process).HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(20);
        }
    }

    private string Path(string name) => System.IO.Path.Combine(_folder.Path, name);

    private WinbindDomain Create(string helper)
    {
        foreach (var (name, script) in new[] { ("ntlm_auth", helper), ("wbinfo", Names) })
        {
            File.WriteAllText(Path(name), "#!/bin/bash\n" + script);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(Path(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        var domain = new WinbindDomain(new WinbindOptions
        {
            NtlmAuth = Path("ntlm_auth"), Wbinfo = Path("wbinfo"), MaxHelpers = 2,
            Timeout = helper.Contains("hung", StringComparison.Ordinal) ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1),
        });
        _made.Add(domain);
        return domain;
    }
}
