using System.Net;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>
/// Answers for the records of one link: late enough that hosts do not all answer together, not again what was just sent, nothing that who
/// asks knows already, and no more datagrams than a limit, whoever asks (RFC 6762 6 and 7).
/// </summary>
internal sealed class MdnsAnswers(IDatagramSender sender, Random random)
{
    /// <summary>Datagrams per second, and at once.</summary>
    private const int PerSecond = 25, AtOnce = 50;

    /// <summary>The longest data of a record that are compared: none of the own are longer.</summary>
    private const int MaxData = 2048;

    /// <summary>How long others than mDNS queriers may believe an answer (RFC 6762 6.7).</summary>
    private const uint LegacyTime = 10;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), ProbeAnswers = TimeSpan.FromMilliseconds(250);

    private readonly AnswerBudget _budget = new(PerSecond, AtOnce);
    private readonly DnsWriter _writer = new();

    public IReadOnlyList<MdnsEntry> Entries { get; set; } = [];

    /// <summary>When the next answer is to be sent; null: none waits.</summary>
    public TimeSpan? Due => Entries.Min(static entry => entry.Due);

    /// <summary>Tells all of the link all records.</summary>
    public void Announce(TimeSpan now) => SendAll([.. Entries.Where(static entry => !entry.IsAbsence)], additional: [], now);

    /// <summary>Takes records back (RFC 6762 10.1).</summary>
    public void Withdraw(IEnumerable<MdnsEntry> entries)
    {
        _writer.Begin(0, isResponse: true);
        foreach (var entry in entries.Where(static entry => !entry.IsAbsence))
        {
            if (!_writer.TryAdd(entry.Record, DnsSection.Answer, timeToLive: 0, flush: true))
            {
                sender.Send(_writer.Message.Span);
                _writer.Begin(0, isResponse: true);
                _writer.TryAdd(entry.Record, DnsSection.Answer, timeToLive: 0, flush: true);
            }
        }

        if (!_writer.IsEmpty)
        {
            sender.Send(_writer.Message.Span);
        }
    }

    /// <summary>Sends what is due.</summary>
    public void Advance(TimeSpan now)
    {
        if (!(Due <= now))
        {
            return;
        }

        MdnsEntry[] due = [.. Entries.Where(entry => entry.Due <= now)];
        foreach (var entry in due)
        {
            (entry.Due, entry.Asker) = (null, null);
        }

        if (_budget.TryTake(now))
        {
            SendAll(due, [.. Additional(due).Where(entry => !(now - entry.Sent < Second))], now);
        }
    }

    /// <summary>Another host says less of a record than is so: it is told again (RFC 6762 6.6).</summary>
    public void Repeat(MdnsEntry entry, TimeSpan now) => Schedule(entry, now + SharedDelay(), Second, asker: null);

    /// <summary>Answers a query, or learns from it what who has asked before knows already.</summary>
    /// <param name="query">The query.</param>
    /// <param name="source">Who asks.</param>
    /// <param name="mayReply">Whether an answer may go to it alone.</param>
    /// <param name="now">The time.</param>
    public void Read(DnsReader query, IPEndPoint source, bool mayReply, TimeSpan now)
    {
        var isLegacy = source.Port != MdnsResponder.Port;
        if (isLegacy && !mayReply)
        {
            return;
        }

        var whole = query;
        var asked = new List<(MdnsEntry Entry, bool WantsUnicast)>();
        if (!TryReadQuestions(ref query, isLegacy ? 1 : query.Questions, asked)
            || (!isLegacy && !TryReadKnown(ref query, source.Address, asked)) || asked.Count == 0)
        {
            return;
        }

        if (isLegacy)
        {
            ReplyToLegacy(whole, [.. asked.Select(static one => one.Entry).Where(static entry => !entry.IsAbsence)], source, now);
            return;
        }

        var isProbe = query.Authorities > 0;
        var isShared = asked.Exists(static one => !one.Entry.Record.IsUnique);
        var due = now + (query.IsTruncated ? TimeSpan.FromMilliseconds(400 + random.Next(100)) : isShared ? SharedDelay() : TimeSpan.Zero);
        var alone = new List<MdnsEntry>();
        foreach (var (entry, wantsUnicast) in asked)
        {
            // Caches of the others must not run out for want of answers to all (RFC 6762 5.4).
            if (wantsUnicast && mayReply && now - entry.Sent < TimeSpan.FromSeconds(entry.Record.TimeToLive / 4))
            {
                alone.Add(entry);
            }
            else
            {
                Schedule(entry, due, isProbe ? ProbeAnswers : Second, source.Address);
            }
        }

        if (alone.Count > 0 && _budget.TryTake(now))
        {
            _writer.Begin(0, isResponse: true);
            Fill(alone, Additional(alone), uint.MaxValue, flush: true);
            sender.Send(_writer.Message.Span, source);
        }

        Advance(now);
    }

    private TimeSpan SharedDelay() => TimeSpan.FromMilliseconds(20 + random.Next(100));

    private static void Schedule(MdnsEntry entry, TimeSpan due, TimeSpan between, IPAddress? asker)
    {
        if (entry.Sent is { } sent && sent + between > due)
        {
            due = sent + between;
        }

        entry.Asker = entry.Due is null || (asker is not null && asker.Equals(entry.Asker)) ? asker : null;
        entry.Due = entry.Due < due ? entry.Due : due;
    }

    private bool TryReadQuestions(ref DnsReader query, int count, List<(MdnsEntry Entry, bool WantsUnicast)> asked)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        for (var i = 0; i < count; i++)
        {
            if (!query.TryReadQuestion(room, out var question))
            {
                return false;
            }

            if (!question.IsInternet)
            {
                continue;
            }

            var isFound = false;
            MdnsEntry? absence = null;
            foreach (var entry in Entries)
            {
                if (!entry.Record.Name.Is(room[..question.NameLength]))
                {
                    continue;
                }

                if (entry.IsAbsence)
                {
                    absence = entry;
                }
                else if (question.Type == DnsType.Any || question.Type == entry.Record.Type)
                {
                    isFound = true;
                    Add(entry, question.WantsUnicast);
                }
            }

            if (!isFound && absence is not null)
            {
                Add(absence, question.WantsUnicast);
            }
        }

        return true;

        void Add(MdnsEntry entry, bool wantsUnicast)
        {
            if (!asked.Exists(one => one.Entry == entry))
            {
                asked.Add((entry, wantsUnicast));
            }
        }
    }

    /// <summary>Known answers (RFC 6762 7.1): of this query, and of an earlier one that had more of them than room (7.2).</summary>
    private bool TryReadKnown(ref DnsReader query, IPAddress asker, List<(MdnsEntry Entry, bool WantsUnicast)> asked)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        Span<byte> data = stackalloc byte[MaxData];
        for (var i = 0; i < query.Answers; i++)
        {
            if (!query.TryReadEntry(room, out var known))
            {
                return false;
            }

            foreach (var entry in Entries)
            {
                if (entry.Record.Type == known.Type && entry.Record.Name.Is(room[..known.NameLength]) && known.TimeToLive >= entry.Record.TimeToLive / 2
                    && known.TryReadData(data, out var length) && entry.Record.HasData(data[..length]))
                {
                    asked.RemoveAll(one => one.Entry == entry);
                    if (asker.Equals(entry.Asker))
                    {
                        (entry.Due, entry.Asker) = (null, null);
                    }
                }
            }
        }

        return true;
    }

    private void ReplyToLegacy(DnsReader query, MdnsEntry[] answers, IPEndPoint to, TimeSpan now)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        if (answers.Length == 0 || !_budget.TryTake(now) || !query.TryReadQuestion(room, out var question))
        {
            return;
        }

        _writer.Begin(query.Id, isResponse: true, isLegacy: true);
        _writer.Ask(room[..question.NameLength], question.Type, question.Space);
        Fill(answers, Additional(answers), LegacyTime, flush: false);
        sender.Send(_writer.Message.Span, to);
    }

    /// <summary>What who asks will ask next (RFC 6763 12).</summary>
    private MdnsEntry[] Additional(IReadOnlyList<MdnsEntry> answers)
    {
        var found = new List<MdnsEntry>(answers);
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i].Record is { Target: { } target })
            {
                found.AddRange(Entries.Where(entry => !entry.IsAbsence && entry.Record.IsUnique && entry.Record.Name.Equals(target)
                    && !found.Contains(entry)).ToArray());
            }
        }

        return [.. found.Skip(answers.Count)];
    }

    /// <summary>Fills the message that was begun, as far as there is room.</summary>
    private void Fill(IEnumerable<MdnsEntry> answers, IEnumerable<MdnsEntry> additional, uint longest, bool flush)
    {
        foreach (var entry in answers)
        {
            _writer.TryAdd(entry.Record, DnsSection.Answer, Math.Min(longest, entry.Record.TimeToLive), flush);
        }

        foreach (var entry in additional)
        {
            _writer.TryAdd(entry.Record, DnsSection.Additional, Math.Min(longest, entry.Record.TimeToLive), flush);
        }
    }

    /// <summary>Sends to all of the link, in as many messages as it takes.</summary>
    private void SendAll(IReadOnlyList<MdnsEntry> answers, IReadOnlyList<MdnsEntry> additional, TimeSpan now)
    {
        _writer.Begin(0, isResponse: true);
        foreach (var entry in answers)
        {
            if (!_writer.TryAdd(entry.Record, DnsSection.Answer, entry.Record.TimeToLive, flush: true))
            {
                sender.Send(_writer.Message.Span);
                _writer.Begin(0, isResponse: true);
                _writer.TryAdd(entry.Record, DnsSection.Answer, entry.Record.TimeToLive, flush: true);
            }

            entry.Sent = now;
        }

        foreach (var entry in additional)
        {
            if (_writer.TryAdd(entry.Record, DnsSection.Additional, entry.Record.TimeToLive, flush: true))
            {
                entry.Sent = now;
            }
        }

        if (!_writer.IsEmpty)
        {
            sender.Send(_writer.Message.Span);
        }
    }
}
