using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;

namespace Smb3.Embedded.Contention.Power;

/// <summary>What a run of `power` is.</summary>
/// <param name="Run">Seed, time and clients.</param>
/// <param name="Cuts">How many losses of power are tried.</param>
/// <param name="Home">The folder for disks, logs and mounts.</param>
/// <param name="Place">The server's program, and where the disk is mounted.</param>
internal sealed record PowerSettings(RunSettings Run, int Cuts, string Home, ServerPlace Place)
{
    /// <summary>Cut only here, to see one again.</summary>
    public int? Only { get; init; }
}
