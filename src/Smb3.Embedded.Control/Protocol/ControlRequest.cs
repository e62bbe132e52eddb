namespace Smb3.Embedded.Control.Protocol;

/// <summary>What is asked of a server.</summary>
internal sealed record ControlRequest
{
    /// <summary><see cref="ControlProtocol.Version"/>.</summary>
    public int Version { get; init; }

    /// <summary>One of the words of <see cref="ControlProtocol"/>.</summary>
    public string Do { get; init; } = string.Empty;

    /// <summary>What is to be ended: ids of sessions and files.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Whose sessions are to be ended.</summary>
    public string? User { get; init; }

    /// <summary>The share that is to be moved.</summary>
    public string? Share { get; init; }

    /// <summary>The node that it is to be moved to.</summary>
    public string? Node { get; init; }
}
