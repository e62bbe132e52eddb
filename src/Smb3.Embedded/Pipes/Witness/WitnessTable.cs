using System.Net;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>
/// The registrations of all clients (WitnessRegistrationList, MS-SWN 3.1.1.1) and the interfaces as they were last told: passes on to each
/// client what happens to what it registered for. Thread-safe.
/// </summary>
internal sealed class WitnessTable : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<WitnessRegistration> _registrations = [];
    private readonly Dictionary<string, int> _perUser = [];
    private readonly ISmbWitnessSource _source;
    private readonly WitnessLimits _limits;
    private readonly TimeProvider _time;
    private readonly Func<string, bool> _hasShare;
    private readonly IDisposable _subscription;
    private TaskCompletionSource _interfacesChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<SmbWitnessInterface> _interfaces;

    /// <param name="source">Tells what happens.</param>
    /// <param name="limits">What clients can make it hold.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hasShare">Whether there is a share of this name.</param>
    public WitnessTable(ISmbWitnessSource source, WitnessLimits limits, TimeProvider time, Func<string, bool> hasShare)
    {
        _source = source;
        _limits = limits;
        _time = time;
        _hasShare = hasShare;
        _interfaces = [];

        // First the subscription, so that nothing that happens in between is missed.
        _subscription = source.Subscribe(Take);
        lock (_lock)
        {
            _interfaces = [.. source.Interfaces];
        }
    }

    /// <summary>The registrations at this moment.</summary>
    public IReadOnlyList<WitnessRegistration> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _registrations];
            }
        }
    }

    /// <summary>The interfaces, and what completes when they have changed.</summary>
    public (IReadOnlyList<SmbWitnessInterface> Interfaces, Task Changed) Interfaces
    {
        get
        {
            lock (_lock)
            {
                return (_interfaces, _interfacesChanged.Task);
            }
        }
    }

    public bool HasShare(string name) => _hasShare(name);

    /// <summary>
    /// Registers a client. It gets every change from then on, and what it registers for exists at that moment.
    /// </summary>
    public WitnessStatus TryAdd(WitnessInterest interest, RpcCaller caller, out WitnessRegistration? registration)
    {
        registration = null;
        lock (_lock)
        {
            // MS-SWN 3.1.4.2 and 3.1.4.5: what is not there, or is down already, cannot be watched.
            if (!_interfaces.Any(one => one.Has(interest.Address) && one.State == SmbWitnessState.Available))
            {
                return WitnessStatus.InvalidState;
            }

            var user = UserOf(caller);
            if (_registrations.Count >= _limits.MaxRegistrations || _perUser.GetValueOrDefault(user) >= _limits.MaxRegistrationsPerUser)
            {
                return WitnessStatus.NoSystemResources;
            }

            registration = new WitnessRegistration(interest, caller, _limits, _time, Forget);
            _registrations.Add(registration);
            _perUser[user] = _perUser.GetValueOrDefault(user) + 1;
            return WitnessStatus.Success;
        }
    }

    /// <summary>Ends what nobody uses any more, and what names a share that is gone. Called every second or so.</summary>
    public void Watch()
    {
        foreach (var registration in All)
        {
            if (registration.IsUnused)
            {
                registration.CloseHandle?.Invoke();
            }
            else if (registration.Interest.ShareName is { } share && !_hasShare(share))
            {
                registration.Expire();
            }
        }
    }

    /// <summary>Takes no more events.</summary>
    public void Dispose() => _subscription.Dispose();

    private static string UserOf(RpcCaller caller) => caller.UserSid?.ToString() ?? $"{caller.DomainName}\\{caller.UserName}";

    private static WitnessNotification Move(
        WitnessMessageType type, IReadOnlyList<IPAddress> destinations, bool isVersion2) => new(type)
        {
            // Whether an address can be used is told from version 2 on (MS-SWN 2.2.2.1).
            Addresses = [.. destinations.Select(one => (one, isVersion2 ? WitnessAddressFlags.Online : WitnessAddressFlags.None))],
        };

    private void Forget(WitnessRegistration registration)
    {
        lock (_lock)
        {
            if (_registrations.Remove(registration))
            {
                var user = UserOf(registration.Caller);
                if (--_perUser[user] == 0)
                {
                    _perUser.Remove(user);
                }
            }
        }
    }

    private void Take(SmbWitnessEvent what)
    {
        switch (what)
        {
            case SmbWitnessInterfacesChanged:
                TakeInterfaces();
                break;
            case SmbWitnessResourceChange change:
                Tell(
                    interest => IsAbout(change.Resource, interest),
                    (pending, _) => pending.Change(change.Resource, change.State));
                break;
            case SmbWitnessClientMove move:
                var to = Bounded(move.Destinations);
                Tell(
                    interest => IsNamed(move.ClientName, interest) && (move.From is null || interest.Address.Equals(move.From)),
                    (pending, interest) => pending.Move(Move(WitnessMessageType.ClientMove, to, interest.IsVersion2)));
                break;
            case SmbWitnessShareMove move:
                var place = Bounded(move.Destinations);
                Tell(
                    interest => IsNamed(move.ClientName, interest) && interest.IsVersion2
                        && move.ShareName.Equals(interest.ShareName, StringComparison.OrdinalIgnoreCase),
                    (pending, _) => pending.Move(Move(WitnessMessageType.ShareMove, place, isVersion2: true)));
                break;
        }
    }

    private IReadOnlyList<IPAddress> Bounded(IReadOnlyList<IPAddress> addresses) => [.. addresses.Take(_limits.MaxPendingAddresses)];

    private static bool IsNamed(string? clientName, WitnessInterest interest) =>
        clientName is null || clientName.Equals(interest.ClientName, StringComparison.OrdinalIgnoreCase);

    private bool IsAbout(string resource, WitnessInterest interest) =>
        resource.Equals(interest.NetName, StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(resource, out var address) && address.Equals(interest.Address))
        || Interfaces.Interfaces.Any(
            one => one.Group.Equals(resource, StringComparison.OrdinalIgnoreCase) && one.Has(interest.Address));

    private void Tell(Func<WitnessInterest, bool> whom, Action<WitnessPending, WitnessInterest> what)
    {
        foreach (var registration in All)
        {
            if (whom(registration.Interest))
            {
                registration.Tell(pending => what(pending, registration.Interest));
            }
        }
    }

    /// <summary>Finds what has become of each interface (MS-SWN 3.1.6.1 and 3.1.6.4), and tells those who watch its addresses.</summary>
    private void TakeInterfaces()
    {
        List<(SmbWitnessInterface Interface, SmbWitnessState State)> changes;
        IReadOnlyList<SmbWitnessInterface> now;
        WitnessRegistration[] all;
        TaskCompletionSource changed;
        lock (_lock)
        {
            now = [.. _source.Interfaces];
            changes = Differences(_interfaces, now);
            _interfaces = now;
            all = [.. _registrations];
            changed = _interfacesChanged;
            _interfacesChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
        foreach (var registration in all)
        {
            registration.Tell(pending => Add(pending, registration.Interest, changes));
            if (!now.Any(one => one.Has(registration.Interest.Address)))
            {
                registration.Expire();
            }
        }
    }

    private static void Add(
        WitnessPending pending, WitnessInterest interest, List<(SmbWitnessInterface Interface, SmbWitnessState State)> changes)
    {
        foreach (var (one, state) in changes)
        {
            if (one.Has(interest.Address))
            {
                pending.Change(one.Group, state);
            }

            if (interest.WantsAddresses)
            {
                foreach (var address in one.Addresses)
                {
                    pending.Change(address, state == SmbWitnessState.Available ? WitnessAddressFlags.Online : WitnessAddressFlags.Offline);
                }
            }
        }
    }

    /// <summary>The interfaces whose state is not what it was; one that is gone is unavailable.</summary>
    private static List<(SmbWitnessInterface Interface, SmbWitnessState State)> Differences(
        IReadOnlyList<SmbWitnessInterface> before, IReadOnlyList<SmbWitnessInterface> now)
    {
        var was = new Dictionary<Key, SmbWitnessInterface>();
        foreach (var one in before)
        {
            was[Key.Of(one)] = one;
        }

        var changes = new List<(SmbWitnessInterface, SmbWitnessState)>();
        foreach (var one in now)
        {
            if (!was.Remove(Key.Of(one), out var old) || old.State != one.State)
            {
                changes.Add((one, one.State));
            }
        }

        changes.InsertRange(0, was.Values.Select(gone => (gone, SmbWitnessState.Unavailable)));
        return changes;
    }

    private readonly record struct Key(string Group, IPAddress? IPv4, IPAddress? IPv6)
    {
        public static Key Of(SmbWitnessInterface one) => new(one.Group.ToUpperInvariant(), one.IPv4, one.IPv6);
    }
}
