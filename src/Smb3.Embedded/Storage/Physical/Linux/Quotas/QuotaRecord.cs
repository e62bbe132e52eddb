using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>Limits and settings as they are kept: JSON that an administrator can read, and that is strict when it is read.</summary>
internal sealed record QuotaRecord
{
    private const int PresentVersion = 1;

    public required int Version { get; init; }

    public required bool Tracked { get; init; }

    public required bool Enforced { get; init; }

    public required bool NotesThreshold { get; init; }

    public required bool NotesLimit { get; init; }

    public required long? DefaultThreshold { get; init; }

    public required long? DefaultLimit { get; init; }

    public required IReadOnlyList<OwnerRecord> Owners { get; init; }

    public QuotaSettings Settings => new()
    {
        IsTracked = Tracked,
        IsEnforced = Enforced,
        NotesThreshold = NotesThreshold,
        NotesLimit = NotesLimit,
        Default = new QuotaLimits(DefaultThreshold, DefaultLimit),
    };

    /// <summary>The limits of each owner that has some; null when the record does not make sense.</summary>
    public IReadOnlyDictionary<Sid, (QuotaLimits Limits, FileTime Changed)>? ReadOwners()
    {
        var limits = new Dictionary<Sid, (QuotaLimits, FileTime)>();
        foreach (var owner in Owners)
        {
            if (!Sid.TryParse(owner.Sid, out var sid) || owner.Threshold < 0 || owner.Limit < 0
                || !limits.TryAdd(sid, (new QuotaLimits(owner.Threshold, owner.Limit), FileTime.From(owner.Changed))))
            {
                return null;
            }
        }

        return limits;
    }

    public static QuotaRecord From(in QuotaSettings settings, IReadOnlyDictionary<Sid, (QuotaLimits Limits, FileTime Changed)> limits) => new()
    {
        Version = PresentVersion,
        Tracked = settings.IsTracked,
        Enforced = settings.IsEnforced,
        NotesThreshold = settings.NotesThreshold,
        NotesLimit = settings.NotesLimit,
        DefaultThreshold = settings.Default.Threshold,
        DefaultLimit = settings.Default.Limit,
        Owners =
        [
            .. limits.Select(static entry => new OwnerRecord
            {
                Sid = entry.Key.ToString(),
                Threshold = entry.Value.Limits.Threshold,
                Limit = entry.Value.Limits.Limit,
                Changed = entry.Value.Changed.ToDateTimeOffset(),
            }).OrderBy(static owner => owner.Sid, StringComparer.Ordinal),
        ],
    };

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out QuotaRecord? record, out string problem)
    {
        record = null;
        try
        {
            record = QuotaJson.Read(content);
            problem = record.Version != PresentVersion ? $"it has version {record.Version}, and this server knows {PresentVersion}"
                : record.DefaultThreshold < 0 || record.DefaultLimit < 0 || record.ReadOwners() is null
                    ? "it names an owner twice or as no SID, or a limit is negative"
                : string.Empty;
        }
        catch (JsonException e)
        {
            problem = e.Message;
        }

        if (problem.Length > 0)
        {
            record = null;
        }

        return record is not null;
    }

    public byte[] ToBytes() => QuotaJson.Write(this);

    /// <summary>The limits of one owner.</summary>
    internal sealed record OwnerRecord
    {
        public required string Sid { get; init; }

        public required long? Threshold { get; init; }

        public required long? Limit { get; init; }

        public required DateTimeOffset Changed { get; init; }
    }
}
