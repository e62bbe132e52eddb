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

    /// <summary>How long the records are this server's; nothing is kept after that. <see langword="null"/>: always.</summary>
    public OwnerLease? Lease { get; init; }

    /// <summary>
    /// Told once when another holder has taken the scope over. Called without any lock, by the commit that has found out.
    /// </summary>
    public Action? Fenced { get; init; }
}
