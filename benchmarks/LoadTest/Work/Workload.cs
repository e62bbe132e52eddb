using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>How long a run is.</summary>
/// <param name="FileSize">Bytes of the file that is read or written by one connection.</param>
/// <param name="Time">How long operations are repeated.</param>
internal sealed record RunLength(long FileSize, TimeSpan Time);

/// <summary>One thing that is measured, on any server.</summary>
internal abstract class Workload(WorkSpec spec)
{
    /// <summary>Where everything that is measured lives, below the share's root.</summary>
    public const string Folder = "loadtest";

    public WorkSpec Spec { get; } = spec;

    public string Name => Spec.Name;

    /// <summary>What <see cref="Sample.Units"/> counts.</summary>
    public abstract string Unit { get; }

    /// <summary>What <see cref="Sample.Cost"/> is.</summary>
    public virtual string CostUnit => $"CPU s/{Unit}";

    public abstract Task<Sample> RunAsync(Target target, RunLength length);
}
