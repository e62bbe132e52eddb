namespace Smb3.Embedded.Nt;

/// <summary>The SIDs that mean the same on every NT system (MS-DTYP 2.4.2.4).</summary>
public static class WellKnownSids
{
#pragma warning disable CS1591 // the names are the specification's
    public static Sid Null { get; } = new(0, 0);

    public static Sid Everyone { get; } = new(1, 0);

    public static Sid Local { get; } = new(2, 0);

    public static Sid CreatorOwner { get; } = new(3, 0);

    public static Sid CreatorGroup { get; } = new(3, 1);

    public static Sid OwnerRights { get; } = new(3, 4);

    public static Sid NtAuthority { get; } = new(5);

    public static Sid Network { get; } = new(5, 2);

    public static Sid Interactive { get; } = new(5, 4);

    public static Sid Anonymous { get; } = new(5, 7);

    public static Sid PrincipalSelf { get; } = new(5, 10);

    public static Sid AuthenticatedUsers { get; } = new(5, 11);

    public static Sid System { get; } = new(5, 18);

    public static Sid LocalService { get; } = new(5, 19);

    public static Sid NetworkService { get; } = new(5, 20);

    public static Sid Builtin { get; } = new(5, 32);

    public static Sid Administrators { get; } = new(5, 32, 544);

    public static Sid Users { get; } = new(5, 32, 545);

    public static Sid Guests { get; } = new(5, 32, 546);

    public static Sid PowerUsers { get; } = new(5, 32, 547);

    public static Sid ServerOperators { get; } = new(5, 32, 549);

    public static Sid BackupOperators { get; } = new(5, 32, 551);
#pragma warning restore CS1591
}
