using System.Net;

namespace Smb3.Embedded;

/// <summary>Something that registered clients of the witness service are told.</summary>
public abstract record SmbWitnessEvent
{
    private protected SmbWitnessEvent()
    {
    }
}

/// <summary>
/// Interfaces have come, gone, or changed their state. Clients that registered for one of their addresses are told of the change of its
/// group, and those that asked for it, of the addresses.
/// </summary>
public sealed record SmbWitnessInterfacesChanged : SmbWitnessEvent;

/// <summary>A resource has changed its state: whoever registered for this name or address is told.</summary>
/// <param name="Resource">The network name, the address as text, or the interface group.</param>
/// <param name="State">Its new state.</param>
public sealed record SmbWitnessResourceChange(string Resource, SmbWitnessState State) : SmbWitnessEvent;

/// <summary>Clients are asked to move their connections to other addresses.</summary>
/// <param name="Destinations">Where to, the best first.</param>
public sealed record SmbWitnessClientMove(IReadOnlyList<IPAddress> Destinations) : SmbWitnessEvent
{
    /// <summary>The client's name, as it registered; null: any.</summary>
    public string? ClientName { get; init; }

    /// <summary>The address that the client is connected to; null: any.</summary>
    public IPAddress? From { get; init; }
}

/// <summary>A share is now elsewhere: clients that registered for it, which takes version 2 of the protocol, are asked to use it there.</summary>
/// <param name="ShareName">The share.</param>
/// <param name="Destinations">Where it is, the best address first.</param>
public sealed record SmbWitnessShareMove(string ShareName, IReadOnlyList<IPAddress> Destinations) : SmbWitnessEvent
{
    /// <summary>The client's name, as it registered; null: any.</summary>
    public string? ClientName { get; init; }
}
