using System.Text;
using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>The folders of a room can be read from the bottom up: none uses another that uses it in turn.</summary>
public sealed class FolderTests
{
    private readonly SourceFolders _folders = SourceFolders.Read();

    [Fact]
    public void No_folders_of_a_room_use_each_other_in_a_circle()
    {
        var uses = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var type in TypeReferences.OwnTypes())
        {
            foreach (var used in TypeReferences.UsedBy(type))
            {
                if (_folders.Of(type) is { } from && _folders.Of(used) is { } to && from != to && RoomOf(from) == RoomOf(to))
                {
                    uses.TryAdd(from, new SortedDictionary<string, string>(StringComparer.Ordinal));
                    uses[from].TryAdd(to, $"{TypeReferences.Outermost(type).Name} -> {TypeReferences.Outermost(used).Name}");
                }
            }
        }

        var circles = CirclesIn(uses).ToList();
        Assert.True(circles.Count == 0, Describe(circles, uses));
    }

    /// <summary>What is not public has the namespace of its folder; what a host touches is in the root namespace, wherever it is kept.</summary>
    [Fact]
    public void A_folder_is_a_namespace()
    {
        var wrong = TypeReferences.OwnTypes().Select(TypeReferences.Outermost).Distinct()
            .Where(type => !type.IsPublic && _folders.Of(type) is { } folder
                && type.Namespace != $"Smb3.Embedded.{folder.Replace('/', '.')}")
            .Select(type => type.FullName);
        Assert.Empty(wrong);
    }

    private static string RoomOf(string folder) => folder.Split('/')[0];

    private static string Describe(
        IEnumerable<SortedSet<string>> circles, SortedDictionary<string, SortedDictionary<string, string>> uses)
    {
        var text = new StringBuilder();
        foreach (var circle in circles)
        {
            text.AppendLine(string.Join(", ", circle));
            foreach (var from in circle)
            {
                foreach (var (to, why) in uses[from].Where(use => circle.Contains(use.Key)))
                {
                    text.AppendLine($"    {from} -> {to}: {why}");
                }
            }
        }

        return text.ToString();
    }

    /// <summary>The sets of more than one folder each of which reaches all others (strongly connected components).</summary>
    private static IEnumerable<SortedSet<string>> CirclesIn(SortedDictionary<string, SortedDictionary<string, string>> uses)
    {
        var reach = uses.Keys.ToDictionary(from => from, from => ReachableFrom(from, uses));
        var told = new HashSet<string>();
        foreach (var from in uses.Keys.Where(from => reach[from].Contains(from) && !told.Contains(from)))
        {
            var circle = new SortedSet<string>(
                reach[from].Where(to => reach.TryGetValue(to, out var back) && back.Contains(from)), StringComparer.Ordinal);
            told.UnionWith(circle);
            yield return circle;
        }
    }

    private static HashSet<string> ReachableFrom(string start, SortedDictionary<string, SortedDictionary<string, string>> uses)
    {
        var reached = new HashSet<string>();
        var next = new Stack<string>([start]);
        while (next.TryPop(out var at))
        {
            foreach (var to in uses.TryGetValue(at, out var direct) ? direct.Keys : Enumerable.Empty<string>())
            {
                if (reached.Add(to))
                {
                    next.Push(to);
                }
            }
        }

        return reached;
    }
}
