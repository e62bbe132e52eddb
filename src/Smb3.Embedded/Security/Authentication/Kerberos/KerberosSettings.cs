namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>Which tickets are taken.</summary>
internal sealed record KerberosSettings
{
    /// <summary>The difference between clocks that is put up with.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(5);

    public bool AllowRc4 { get; init; }

    public int MaxReplaysRemembered { get; init; } = 100_000;
}
