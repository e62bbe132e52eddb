namespace Smb3.Embedded;

/// <summary>
/// What the witness service tells its clients about: which addresses there are and what happens to them. <see cref="SmbWitnessSource"/> is
/// one that a host app drives; a cluster has one of its own. Members may be called at any time, from any thread.
/// </summary>
public interface ISmbWitnessSource
{
    /// <summary>Every address of the cluster that clients can use, this server's own included. Answers at once.</summary>
    IReadOnlyList<SmbWitnessInterface> Interfaces { get; }

    /// <summary>
    /// Has <paramref name="observer"/> called for everything that happens from now on, one event after the other, until the result is
    /// disposed. What <see cref="Interfaces"/> shows has changed already when a <see cref="SmbWitnessInterfacesChanged"/> says so. The
    /// observer returns at once and does not throw.
    /// </summary>
    /// <param name="observer">Is called with each event.</param>
    IDisposable Subscribe(Action<SmbWitnessEvent> observer);
}
