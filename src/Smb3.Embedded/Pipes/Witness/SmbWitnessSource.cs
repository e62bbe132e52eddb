using System.Net;

namespace Smb3.Embedded;

/// <summary>A source of the witness service that a host app drives: it says which addresses there are, and moves clients and shares.</summary>
/// <example>
/// <code>
/// var witness = new SmbWitnessSource();
/// witness.SetInterfaces([
///     new SmbWitnessInterface("node1", IPAddress.Parse("192.0.2.1")) { IsLocal = true },
///     new SmbWitnessInterface("node2", IPAddress.Parse("192.0.2.2"))]);
/// builder.UseWitness(witness);
/// …
/// witness.SetState("node2", SmbWitnessState.Unavailable);
/// </code>
/// </example>
public sealed class SmbWitnessSource : ISmbWitnessSource
{
    private readonly Lock _lock = new();
    private readonly List<Action<SmbWitnessEvent>> _observers = [];
    private volatile IReadOnlyList<SmbWitnessInterface> _interfaces = [];

    /// <inheritdoc/>
    public IReadOnlyList<SmbWitnessInterface> Interfaces => _interfaces;

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<SmbWitnessEvent> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_lock)
        {
            _observers.Add(observer);
        }

        return new Subscription(this, observer);
    }

    /// <summary>Replaces all interfaces. What is no longer among them counts as unavailable.</summary>
    /// <param name="interfaces">The interfaces.</param>
    public void SetInterfaces(IEnumerable<SmbWitnessInterface> interfaces)
    {
        ArgumentNullException.ThrowIfNull(interfaces);
        SmbWitnessInterface[] all = [.. interfaces];
        Change(_ => all);
    }

    /// <summary>Sets the state of all interfaces of a group.</summary>
    /// <param name="group">The group; case is ignored.</param>
    /// <param name="state">The new state.</param>
    public void SetState(string group, SmbWitnessState state)
    {
        ArgumentNullException.ThrowIfNull(group);
        Change(all => With(all, one => one.Group.Equals(group, StringComparison.OrdinalIgnoreCase), state));
    }

    /// <summary>Sets the state of the interface that has an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="state">The new state.</param>
    public void SetState(IPAddress address, SmbWitnessState state)
    {
        ArgumentNullException.ThrowIfNull(address);
        Change(all => With(all, one => one.Has(address), state));
    }

    /// <summary>Tells clients anything else: the change of a resource, the move of clients or of a share.</summary>
    /// <param name="what">What to tell.</param>
    public void Publish(SmbWitnessEvent what)
    {
        ArgumentNullException.ThrowIfNull(what);
        lock (_lock)
        {
            PublishLocked(what);
        }
    }

    private static SmbWitnessInterface[] With(
        IReadOnlyList<SmbWitnessInterface> all, Func<SmbWitnessInterface, bool> which, SmbWitnessState state) =>
        [.. all.Select(one => which(one) ? one with { State = state } : one)];

    private void Change(Func<IReadOnlyList<SmbWitnessInterface>, IReadOnlyList<SmbWitnessInterface>> change)
    {
        lock (_lock)
        {
            _interfaces = change(_interfaces);
            PublishLocked(new SmbWitnessInterfacesChanged());
        }
    }

    /// <summary>Under the lock, so that every observer sees the events in their order.</summary>
    private void PublishLocked(SmbWitnessEvent what)
    {
        foreach (var observer in _observers)
        {
            observer(what);
        }
    }

    private sealed class Subscription(SmbWitnessSource source, Action<SmbWitnessEvent> observer) : IDisposable
    {
        public void Dispose()
        {
            lock (source._lock)
            {
                source._observers.Remove(observer);
            }
        }
    }
}
