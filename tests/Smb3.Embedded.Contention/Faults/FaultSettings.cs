using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Faults;

/// <summary>What a run with faults is.</summary>
internal sealed record FaultSettings
{
    public required RunSettings Run { get; init; }

    /// <summary>Connections of each client.</summary>
    public required int Channels { get; init; }

    /// <summary>How long a client waits on a channel before it gives the channel up.</summary>
    public TimeSpan ChannelPatience { get; init; } = TimeSpan.FromSeconds(1);
}
