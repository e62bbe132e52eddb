using System.Text.Json.Serialization;

namespace Smb3.Embedded.Control.Protocol;

/// <summary>One line of an answer; its member <c>row</c> says which kind it is.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "row", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ControlServer), "server")]
[JsonDerivedType(typeof(ControlShare), "share")]
[JsonDerivedType(typeof(ControlSession), "session")]
[JsonDerivedType(typeof(ControlFile), "file")]
[JsonDerivedType(typeof(ControlEnded), "ended")]
[JsonDerivedType(typeof(ControlNode), "node")]
[JsonDerivedType(typeof(ControlClusterShare), "clusterShare")]
internal abstract record ControlRow;

/// <summary>The server itself.</summary>
internal sealed record ControlServer : ControlRow
{
    /// <summary>Its name among several of the process.</summary>
    public required string Name { get; init; }

    public required int ProcessId { get; init; }

    /// <summary>Of the library.</summary>
    public required string Version { get; init; }

    public required string State { get; init; }

    /// <summary>When the socket was opened, which is when the server started.</summary>
    public required DateTimeOffset Since { get; init; }

    public required IReadOnlyList<string> EndPoints { get; init; }

    public required int Connections { get; init; }

    public required int Sessions { get; init; }

    public required int Files { get; init; }

    public required int Leases { get; init; }

    /// <summary>Where the state of what is open cannot be kept, or is kept slowly.</summary>
    public required IReadOnlyList<string> Impaired { get; init; }

    /// <summary>Its name in a cluster; null: it is in none.</summary>
    public string? Node { get; init; }
}

/// <summary>A share.</summary>
internal sealed record ControlShare : ControlRow
{
    public required string Name { get; init; }

    /// <summary>The shared folder; null where a store of the host is shared.</summary>
    public string? Folder { get; init; }

    public required bool IsAvailable { get; init; }

    public required bool ReadOnly { get; init; }

    /// <summary>How many sessions are connected to it, each as often as it is.</summary>
    public required int Uses { get; init; }

    public required int Files { get; init; }

    public required long BytesRead { get; init; }

    public required long BytesWritten { get; init; }
}

/// <summary>Somebody who is logged on.</summary>
internal sealed record ControlSession : ControlRow
{
    public required string Id { get; init; }

    public required string User { get; init; }

    /// <summary>What the computer calls itself; empty where it does not say so.</summary>
    public required string Computer { get; init; }

    /// <summary>The client's ends of its connections.</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    public required string Dialect { get; init; }

    /// <summary>The algorithms that protect its messages; empty: none does.</summary>
    public required string Protection { get; init; }

    public required DateTimeOffset Since { get; init; }

    public required IReadOnlyList<string> Shares { get; init; }

    public required int Files { get; init; }
}

/// <summary>An open file, folder or pipe.</summary>
internal sealed record ControlFile : ControlRow
{
    public required string Id { get; init; }

    /// <summary>The session that holds it; null while its client is away.</summary>
    public string? Session { get; init; }

    public required string User { get; init; }

    public required string Share { get; init; }

    /// <summary>From the root of the share, names joined by a backslash.</summary>
    public required string Path { get; init; }

    /// <summary><c>file</c>, <c>folder</c> or <c>pipe</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The access that was granted, as an access mask in hexadecimal.</summary>
    public required string Access { get; init; }

    /// <summary>What the client may cache: some of <c>R</c>, <c>W</c> and <c>H</c>.</summary>
    public required string Caching { get; init; }

    public required DateTimeOffset Since { get; init; }
}

/// <summary>What has become of something that was to be ended.</summary>
internal sealed record ControlEnded : ControlRow
{
    /// <summary>The id, or the user's name.</summary>
    public required string Id { get; init; }

    /// <summary>How many were ended; 0: there was none.</summary>
    public required int Count { get; init; }
}

/// <summary>A node of the cluster.</summary>
internal sealed record ControlNode : ControlRow
{
    public required string Name { get; init; }

    public required IReadOnlyList<string> Addresses { get; init; }

    public required bool IsAlive { get; init; }

    public required bool IsDraining { get; init; }

    /// <summary>Whether it is shut out.</summary>
    public bool IsFenced { get; init; }

    /// <summary>Whether it is the one that answers.</summary>
    public required bool IsHere { get; init; }

    public required double LeaseSecondsLeft { get; init; }

    public required long Files { get; init; }

    public required long BytesPerSecond { get; init; }
}

/// <summary>A share that the nodes of a cluster serve in turn, or a part of one.</summary>
internal sealed record ControlClusterShare : ControlRow
{
    public required string Name { get; init; }

    /// <summary>The node that serves it; null: none at this moment.</summary>
    public string? Owner { get; init; }

    public string? MovesTo { get; init; }

    public string? PartOf { get; init; }

    public string? Folder { get; init; }

    public required long Epoch { get; init; }
}
