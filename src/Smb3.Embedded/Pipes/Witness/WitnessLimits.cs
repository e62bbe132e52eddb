namespace Smb3.Embedded.Pipes.Witness;

/// <summary>What clients can make the witness service hold, and how long.</summary>
internal sealed record WitnessLimits
{
    /// <summary>The registrations of all clients.</summary>
    public int MaxRegistrations { get; init; } = 65_536;

    /// <summary>The registrations of one user.</summary>
    public int MaxRegistrationsPerUser { get; init; } = 8_192;

    /// <summary>Of one registration, how many resources that have changed may wait to be told.</summary>
    public int MaxPendingChanges { get; init; } = 64;

    /// <summary>Of one registration, how many addresses that have changed may wait to be told; also how many a move can name.</summary>
    public int MaxPendingAddresses { get; init; } = 256;

    /// <summary>The calls that may wait on one registration. A client has one.</summary>
    public int MaxWaiting { get; init; } = 4;

    /// <summary>How long a call of a client that names no time waits before it is told that the server is still there.</summary>
    public TimeSpan DefaultKeepAlive { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>The longest that such a call waits, whatever the client says.</summary>
    public TimeSpan MaxKeepAlive { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a registration lives on which nobody waits (MS-SWN 3.1.5.1).</summary>
    public TimeSpan UnusedTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
