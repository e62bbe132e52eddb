using System.Net;
using Smb3.Embedded.Hosting.Life;

namespace Smb3.Embedded;

/// <summary>The witness service of a server, as the host sees it.</summary>
public sealed class SmbWitness
{
    private readonly Func<WitnessRun?> _run;

    internal SmbWitness(ISmbWitnessSource source, Func<WitnessRun?> run)
    {
        Source = source;
        _run = run;
    }

    /// <summary>What it tells clients about.</summary>
    public ISmbWitnessSource Source { get; }

    /// <summary>Where it listens, with the real ports; empty while the server does not run.</summary>
    public IReadOnlyList<EndPoint> EndPoints => _run()?.EndPoints ?? [];

    /// <summary>Where its endpoint mapper listens; empty where its port could not be had, and while the server does not run.</summary>
    public IReadOnlyList<EndPoint> EndpointMapper => _run()?.EndpointMapper ?? [];

    /// <summary>The clients that are registered at this moment.</summary>
    public IReadOnlyList<SmbWitnessRegistration> Registrations => _run()?.Registrations ?? [];
}
