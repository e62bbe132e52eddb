using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>What a CREATE asks for.</summary>
/// <param name="Name">The file.</param>
/// <param name="Disposition">What to do when it exists, and when not.</param>
/// <param name="Lease">The caching; None: no lease.</param>
/// <param name="Options">The options.</param>
internal sealed record OpenWish(string Name, CreateDisposition Disposition, Smb2LeaseState Lease, CreateOptions Options = CreateOptions.None)
{
    /// <summary>Whether its client has to expect that the server closes it.</summary>
    public bool MayBeClosed { get; init; }

    public override string ToString() =>
        $"{Disposition} {Name}, lease {Lease}{(Options == CreateOptions.None ? string.Empty : $", {Options}")}";
}
