using System.Diagnostics.CodeAnalysis;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Parts;

/// <summary>
/// What of a store a volume serves where several servers share in it: a folder with all that is in it, except for the folders that are parts
/// of their own. Where such a folder stands is a seam. It does not change: a volume is opened anew for another one.
/// </summary>
internal sealed class Territory
{
    private readonly Dictionary<string, HashSet<string>> _seamsIn;
    private readonly HashSet<string> _seams;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly int _longest;

    /// <param name="root">The folder, from the root of the store on.</param>
    /// <param name="seams">The folders that are parts of their own, from <paramref name="root"/> on; none is below another one.</param>
    /// <param name="comparison">How names are compared.</param>
    public Territory(StorePath root, IReadOnlyCollection<StorePath> seams, StringComparison comparison = StringComparison.OrdinalIgnoreCase)
    {
        var comparer = StringComparer.FromComparison(comparison);
        Root = root;
        Seams = seams;
        Comparison = comparison;
        _seams = new HashSet<string>(comparer);
        _seamsIn = new Dictionary<string, HashSet<string>>(comparer);
        _bySpan = _seams.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var seam in seams)
        {
            _seams.Add(seam.Text);
            _longest = Math.Max(_longest, seam.Text.Length);
            if (!_seamsIn.TryGetValue(seam.Parent.Text, out var names))
            {
                _seamsIn.Add(seam.Parent.Text, names = new HashSet<string>(comparer));
            }

            names.Add(seam.Name.ToString());
        }
    }

    /// <summary>The folder, from the root of the store on.</summary>
    public StorePath Root { get; }

    /// <summary>The folders that are parts of their own.</summary>
    public IReadOnlyCollection<StorePath> Seams { get; }

    /// <summary>How names are compared.</summary>
    public StringComparison Comparison { get; }

    /// <summary>Whether a path is a seam.</summary>
    public bool IsSeam(StorePath path) => _seams.Contains(path.Text);

    /// <summary>Whether an entry of a directory is a seam.</summary>
    public bool IsSeam(StorePath directory, string name) =>
        _seamsIn.Count > 0 && _seamsIn.TryGetValue(directory.Text, out var names) && names.Contains(name);

    /// <summary>Whether a path is a seam, or there is one below it.</summary>
    public bool HasSeamAtOrBelow(StorePath path)
    {
        if (IsSeam(path))
        {
            return true;
        }

        foreach (var seam in Seams)
        {
            if (seam.IsBelow(path, Comparison))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The seam that a path is or leads through, also by short names.</summary>
    /// <param name="path">The path.</param>
    /// <param name="seam">The seam.</param>
    /// <param name="length">How much of the path leads to it.</param>
    public bool TryFindSeam(ReadOnlySpan<char> path, [NotNullWhen(true)] out string? seam, out int length)
    {
        // None is below another one: at most one is met. No path is looked at further than the longest of them reaches.
        for (var at = 1; at <= path.Length && at <= _longest; at++)
        {
            if ((at == path.Length || path[at] == '\\') && _bySpan.TryGetValue(path[..at], out seam))
            {
                length = at;
                return true;
            }
        }

        if (path.Contains('~'))
        {
            foreach (var one in Seams)
            {
                if (LengthByShortNames(path, one.Text) is var found and > 0)
                {
                    (seam, length) = (one.Text, found);
                    return true;
                }
            }
        }

        (seam, length) = (null, 0);
        return false;
    }

    /// <summary>
    /// How much of a path leads to a seam, each name of which may be written in the 8.3 form that follows from it alone; 0: it does not. A form
    /// with a number is known to the directory only: what it leads to is found there, and nothing is behind a seam.
    /// </summary>
    private int LengthByShortNames(ReadOnlySpan<char> path, string seam)
    {
        var at = 0;
        foreach (var range in seam.AsSpan().Split('\\'))
        {
            if (at >= path.Length)
            {
                return 0;
            }

            var end = path[at..].IndexOf('\\') is var cut and >= 0 ? at + cut : path.Length;
            var name = seam.AsSpan(range);
            var written = path[at..end];
            if (written.IsEmpty || (!written.Equals(name, Comparison) && !ShortNames.IsHashOf(written, name)))
            {
                return 0;
            }

            at = end + 1;
        }

        return at - 1;
    }
}
