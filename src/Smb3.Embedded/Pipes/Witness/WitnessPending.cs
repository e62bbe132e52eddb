using System.Net;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>
/// What one registration has not been told yet (MS-SWN 3.1.1.2): of each resource and each address the newest state, and the newest move of
/// each kind. Bounded by that, and not safe for concurrent use.
/// </summary>
internal sealed class WitnessPending(WitnessLimits limits)
{
    private readonly List<(string Resource, SmbWitnessState State)> _changes = [];
    private readonly List<(IPAddress Address, WitnessAddressFlags Flags)> _addresses = [];
    private WitnessNotification? _clientMove;
    private WitnessNotification? _shareMove;

    public void Change(string resource, SmbWitnessState state)
    {
        _changes.RemoveAll(change => change.Resource.Equals(resource, StringComparison.OrdinalIgnoreCase));
        Add(_changes, (resource, state), limits.MaxPendingChanges);
    }

    public void Change(IPAddress address, WitnessAddressFlags flags)
    {
        _addresses.RemoveAll(change => change.Address.Equals(address));
        Add(_addresses, (address, flags), limits.MaxPendingAddresses);
    }

    public void Move(WitnessNotification move)
    {
        if (move.Type == WitnessMessageType.ClientMove)
        {
            _clientMove = move;
        }
        else
        {
            _shareMove = move;
        }
    }

    /// <summary>Takes what is to be told next: one kind at a time, in the order of MS-SWN 3.1.4.4.</summary>
    public WitnessNotification? Take()
    {
        if (_changes.Count > 0)
        {
            var changes = new WitnessNotification(WitnessMessageType.ResourceChange) { Changes = [.. _changes] };
            _changes.Clear();
            return changes;
        }

        if ((_clientMove ?? _shareMove) is { } move)
        {
            _shareMove = _clientMove is null ? null : _shareMove;
            _clientMove = null;
            return move;
        }

        if (_addresses.Count == 0)
        {
            return null;
        }

        var addresses = new WitnessNotification(WitnessMessageType.IPChange) { Addresses = [.. _addresses] };
        _addresses.Clear();
        return addresses;
    }

    /// <summary>Of too many, the oldest is forgotten.</summary>
    private static void Add<T>(List<T> list, T item, int max)
    {
        if (list.Count >= max)
        {
            list.RemoveAt(0);
        }

        list.Add(item);
    }
}
