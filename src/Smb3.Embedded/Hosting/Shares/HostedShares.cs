using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// The shares that the host wants, by name, and the parts of those that are split, which nobody but the cluster wants. Safe for concurrent use; who
/// changes several things at once sees to his turn.
/// </summary>
internal sealed class HostedShares
{
    private readonly Dictionary<string, HostedShare> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();

    /// <summary>All, parts too, as they are now.</summary>
    public HostedShare[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Values];
            }
        }
    }

    /// <summary>Those that the host wants.</summary>
    public IEnumerable<HostedShare> Wholes => All.Where(static entry => entry.Whole is null);

    private HostedShare[] Parts => Array.FindAll(All, static entry => entry.Whole is not null);

    public HostedShare? Find(string name)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(name);
        }
    }

    /// <summary>Puts a share in, in place of one of the same name if there is one.</summary>
    public void Set(HostedShare entry)
    {
        lock (_gate)
        {
            _entries[entry.Options.Name] = entry;
        }
    }

    public bool TryRemove(string name, [NotNullWhen(true)] out HostedShare? entry)
    {
        lock (_gate)
        {
            return _entries.Remove(name, out entry);
        }
    }

    /// <summary>Whether the parts that are known are these, of shares that have not been changed since.</summary>
    public bool HasParts(IReadOnlySet<SharePart> parts)
    {
        var known = Parts;
        return known.Length == parts.Count(part => FindWhole(part) is not null) && Array.TrueForAll(known, entry => IsAmong(entry, parts));
    }

    /// <summary>The parts that are known and none of these, or of a share that has been changed since.</summary>
    public IEnumerable<HostedShare> PartsBut(IReadOnlySet<SharePart> parts) => Parts.Where(entry => !IsAmong(entry, parts));

    /// <summary>The share that a part is of, while it is a clustered one.</summary>
    public HostedShare? FindWhole(SharePart part) => Find(part.Whole) is { Options.Clustered: true, Whole: null } whole ? whole : null;

    private bool IsAmong(HostedShare entry, IReadOnlySet<SharePart> parts) =>
        parts.Contains(entry.Options.Part!) && Find(entry.Options.Part!.Whole) == entry.Whole;
}
