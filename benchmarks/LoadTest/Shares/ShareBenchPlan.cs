using System.Net;
using Smb3.Embedded.LoadTest.Driving;

namespace Smb3.Embedded.LoadTest.Shares;

/// <summary>How a share is measured.</summary>
internal sealed record ShareBenchPlan
{
    public required IPEndPoint EndPoint { get; init; }

    public required string Share { get; init; }

    /// <summary>A folder of the share in which the files are made; empty: its root.</summary>
    public string Folder { get; init; } = string.Empty;

    public required string User { get; init; }

    public required string Password { get; init; }

    /// <summary>How messages are protected.</summary>
    public required Guard Guard { get; init; }

    /// <summary>Connections, each with a file of its own.</summary>
    public int Clients { get; init; } = 1;

    /// <summary>Requests under way on each connection.</summary>
    public int Depth { get; init; } = 8;

    /// <summary>Bytes of a READ or WRITE; what the server does not offer is made smaller.</summary>
    public int Size { get; init; } = 1 << 20;

    /// <summary>Bytes of each file.</summary>
    public long FileSize { get; init; } = 64 << 20;

    /// <summary>How long each kind of work is done.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(3);
}
