using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A store with <see cref="StoreAbilities.Quotas"/>: it counts how much each owner of files occupies and can refuse more. Who owns a file
/// stands in its security descriptor. Whether a caller may query or set quotas is checked by the server.
/// </summary>
public interface IQuotaStore
{
    /// <summary>How far what is told of use can be relied on at present.</summary>
    QuotaState QuotaState => QuotaState.Complete;

    /// <summary>The settings of the whole store.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken);

    /// <summary>Changes the settings of the whole store.</summary>
    /// <param name="settings">All of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken);

    /// <summary>Everybody who owns something or was given limits, in any order.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken);

    /// <summary>One owner, also one who is not listed: nothing is used then, and the default limits hold.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken);

    /// <summary>Gives an owner limits.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="limits">The limits; <see langword="null"/>: the default ones from now on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken);
}

/// <summary>How far a store knows what its owners use (MS-FSCC 2.5.2).</summary>
public enum QuotaState
{
    /// <summary>All of it.</summary>
    Complete,

    /// <summary>Only a part; the rest could not be counted.</summary>
    Incomplete,

    /// <summary>What has been counted so far.</summary>
    Rebuilding,
}

/// <summary>What holds for the quotas of a whole store (MS-FSCC 2.5.2).</summary>
public readonly record struct QuotaSettings
{
    /// <summary>Whether use is told at all.</summary>
    public bool IsTracked { get; init; }

    /// <summary>Whether what goes beyond a limit is refused with DISK_FULL. Implies <see cref="IsTracked"/>.</summary>
    public bool IsEnforced { get; init; }

    /// <summary>Whether crossing a threshold is worth a note to the administrator; up to the store.</summary>
    public bool NotesThreshold { get; init; }

    /// <summary>Whether reaching a limit is worth a note to the administrator; up to the store.</summary>
    public bool NotesLimit { get; init; }

    /// <summary>The limits of owners who have none of their own.</summary>
    public QuotaLimits Default { get; init; }
}

/// <summary>How much an owner may use.</summary>
/// <param name="Threshold">Bytes above which the owner is warned; <see langword="null"/>: never.</param>
/// <param name="Limit">The most bytes; <see langword="null"/>: no limit.</param>
public readonly record struct QuotaLimits(long? Threshold, long? Limit);

/// <summary>An owner and what it uses.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="Used">Bytes that its files occupy.</param>
/// <param name="Limits">The limits that hold for it.</param>
/// <param name="Changed">When the limits were set.</param>
public readonly record struct QuotaEntry(Sid Owner, long Used, QuotaLimits Limits, FileTime Changed);
