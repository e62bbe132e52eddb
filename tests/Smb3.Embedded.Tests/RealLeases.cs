using Xunit;

namespace Smb3.Embedded.Tests;

/// <summary>
/// Tests of leases that run out by the clock on the wall: no other test runs beside them, because on a busy machine a lease would run out that
/// is to be kept.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealLeases
{
    public const string Name = "Real leases";
}
