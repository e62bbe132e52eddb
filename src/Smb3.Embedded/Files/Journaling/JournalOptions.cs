using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Fencing;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>What a <see cref="StateJournal"/> keeps, and whom it tells how that goes.</summary>
internal sealed record JournalOptions
{
    /// <summary>Its scope of the state store.</summary>
    public required string Scope { get; init; }

    /// <summary>What the log calls the volume.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The log.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The metrics.</summary>
    public ServerMetrics? Metrics { get; init; }

    /// <summary>
    /// The fence of the volume: nothing is kept once it is up, for what becomes of the opens behind it is not their end; the next owner goes on
    /// with what was kept before. <see langword="null"/>: the records are always this server's.
    /// </summary>
    public StoreFence? Fence { get; init; }

    /// <summary>
    /// Told once when another holder has taken the scope over. Called without any lock, by the commit that has found out.
    /// </summary>
    public Action? Fenced { get; init; }
}
