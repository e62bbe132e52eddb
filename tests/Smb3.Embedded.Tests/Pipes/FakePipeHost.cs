using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Pipes.Host;
using Smb3.Embedded.Pipes.LsaRpc;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>A server with three shares, two sessions and one account, alice.</summary>
internal sealed class FakePipeHost : IPipeHost
{
    public static readonly Sid Machine = new(5, 21, 1, 2, 3);

    public List<PipeShare> Shares { get; } =
    [
        new("IPC$", PipeShareType.Ipc) { IsSpecial = true, Comment = "Remote IPC" },
        new("demo", PipeShareType.Disk)
        {
            Comment = "A demo",
            PathShown = @"C:\demo",
            CurrentUses = 2,
            Flags = 0x800,
            SecurityDescriptor = new byte[] { 1, 0, 4, 0x80, 5 },
        },
        new("Backup", PipeShareType.Disk) { MaxUses = 10, PathShown = @"C:\backup" },
    ];

    public string ServerName => "SERVER";

    public string DomainName => "WORKGROUP";

    public string ServerComment => "A test server";

    public Version OsVersion { get; } = new(10, 0);

    public Sid MachineSid => Machine;

    public TimeSpan Uptime => TimeSpan.FromMinutes(90);

    public uint? MaxUsers => null;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>When set, the list of shares comes no earlier.</summary>
    public Task? SharesReady { get; set; }

    /// <summary>The last list of shares that was asked for.</summary>
    public Task Asked { get; private set; } = Task.CompletedTask;

    public async ValueTask<IReadOnlyList<PipeShare>> ListSharesAsync(RpcCaller caller, CancellationToken cancellation)
    {
        if (SharesReady is not null)
        {
            Asked = SharesReady.WaitAsync(cancellation);
            await Asked;
        }

        return Shares;
    }

    public ValueTask<IReadOnlyList<PipeSession>> ListSessionsAsync(CancellationToken cancellation) => new(
    [
        new PipeSession("10.0.0.1", "alice") { OpenCount = 3, Active = TimeSpan.FromSeconds(60), DomainName = "SERVER" },
        new PipeSession("10.0.0.2", "bob") { IsGuest = true, DomainName = "SERVER" },
    ]);

    public ValueTask<IReadOnlyList<PipeTreeConnect>> ListTreeConnectsAsync(CancellationToken cancellation) =>
        new([new PipeTreeConnect(7, "demo", PipeShareType.Disk, "10.0.0.1", "alice") { OpenCount = 3 }]);

    public ValueTask<IReadOnlyList<PipeOpenFile>> ListOpenFilesAsync(CancellationToken cancellation) =>
        new([new PipeOpenFile(42, @"C:\demo\a.txt", "alice") { Permissions = 3, LockCount = 1 }]);

    public ValueTask<PipeAccount?> ResolveSidAsync(Sid sid, CancellationToken cancellation) =>
        new(Users.SelectMany(user => user.Groups.Prepend(user.Account)).FirstOrDefault(account => account.Sid == sid));

    public ValueTask<PipeAccount?> ResolveNameAsync(string? domain, string name, CancellationToken cancellation) =>
        new(name.Equals("alice", StringComparison.OrdinalIgnoreCase) && domain is null or "SERVER" ? Alice : null);

    public bool OnlyAdministratorsSeeAccounts { get; init; }

    /// <summary>Alice and Bob, who are in a group together; and whoever else a test wants.</summary>
    public List<PipeUser> Users { get; } =
    [
        new(Alice, [Staff, WellKnownAccounts.Find(WellKnownSids.Administrators)!]) { FullName = "Alice Archer" },
        new(User(1001, "Bob"), [Staff]) { IsDisabled = true },
    ];

    public IReadOnlyList<PipeUser> ListUsers() => Users;

    public ValueTask<PipeUser?> FindUserAsync(string name, CancellationToken cancellation) =>
        new(Users.Find(user => user.Account.Name.Equals(name, StringComparison.OrdinalIgnoreCase)));

    public static PipeAccount User(uint rid, string name) => new(Machine.WithRid(rid), name, "SERVER", Machine, SidNameUse.User);

    private static PipeAccount Alice { get; } = User(1000, "alice");

    private static PipeAccount Staff { get; } = new(Machine.WithRid(2000), "staff", "SERVER", Machine, SidNameUse.Group);
}
