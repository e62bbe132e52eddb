using System.Collections.Frozen;
using Smb3.Embedded.Hosting.Life;
using Xunit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>
/// The rooms (folders of src/Smb3.Embedded) may use only what is below them. A type belongs to the room whose folder declares it.
/// </summary>
public sealed class RoomTests
{
    private static readonly FrozenDictionary<string, string[]> MayUse = new Dictionary<string, string[]>
    {
        ["Hosting"] = ["Cluster", "Commands", "Dispatch", "Sessions", "Files", "Pipes", "Rpc", "Dfs", "Storage", "State", "Security", "Compression", "Transport", "Wire"],
        ["Commands"] = ["Dispatch", "Sessions", "Files", "Pipes", "Rpc", "Dfs", "Storage", "Security", "Compression", "Wire"],
        ["Dispatch"] = ["Sessions", "Security", "Compression", "Transport", "Wire"],
        ["Sessions"] = ["Files", "Dfs", "Storage", "Security", "Compression", "Wire"],
        ["Files"] = ["Storage", "State"],
        ["Pipes"] = ["Rpc", "Wire"],
        ["Rpc"] = ["Transport", "Wire"],
        ["Security"] = ["Wire"],
        ["Compression"] = ["Wire"],
        ["Dfs"] = ["Storage"],
        ["Cluster"] = ["State"],
        ["State"] = [],
        ["Storage"] = [],
        ["Transport"] = [],
        ["Wire"] = [],
        ["Diagnostics"] = [],
        ["Nt"] = [],
        ["Threading"] = [],
    }.ToFrozenDictionary();

    /// <summary>The vocabulary of NT, logs and metrics, and what waits and ends, are everybody's.</summary>
    private static readonly string[] ForAll = ["Nt", "Diagnostics", "Threading"];

    private readonly SourceFolders _folders = SourceFolders.Read();

    [Fact]
    public void Every_folder_is_a_known_room()
    {
        var folders = Directory.EnumerateDirectories(Repository.Library).Select(Path.GetFileName).Except(["bin", "obj"]);
        Assert.Equal(folders.Order(), MayUse.Keys.Intersect(folders!).Order());
    }

    [Fact]
    public void Every_type_belongs_to_a_room() =>
        Assert.Empty(TypeReferences.OwnTypes().Where(type => RoomOf(type) is null).Select(type => type.FullName));

    [Fact]
    public void No_room_uses_one_above_it()
    {
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in TypeReferences.OwnTypes())
        {
            var room = RoomOf(type);
            foreach (var used in TypeReferences.UsedBy(type))
            {
                if (room is not null && RoomOf(used) is { } other && other != room
                    && !ForAll.Contains(other) && !MayUse[room].Contains(other))
                {
                    wrong.Add($"{room} may not use {other}: {TypeReferences.Outermost(type).FullName} -> {TypeReferences.Outermost(used).FullName}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Handlers_see_no_signatures()
    {
        var signer = typeof(Embedded.Security.Cryptography.MessageSigner);
        Assert.Empty(TypeReferences.OwnTypes()
            .Where(type => RoomOf(type) == "Commands" && TypeReferences.UsedBy(type).Contains(signer))
            .Select(type => type.FullName));
        Assert.Contains(signer, TypeReferences.UsedBy(typeof(Embedded.Dispatch.RequestPipeline)));
    }

    [Fact]
    public void The_walk_looks_into_members_and_code()
    {
        var used = TypeReferences.UsedBy(typeof(ServerRun)).ToHashSet();
        Assert.Contains(typeof(Embedded.Commands.CommandSet), used); // only called
        Assert.Contains(typeof(Embedded.Sessions.ServerGraph), used); // a property
        Assert.Contains(typeof(Embedded.Dispatch.ConnectionLoop), used); // an argument of a generic field
        Assert.Equal("Security", RoomOf(typeof(SmbIdentity))); // public, and in the root namespace
    }

    private string? RoomOf(Type type) => _folders.Of(type)?.Split('/')[0];
}
