using System.Net;
using Smb3.Embedded.Discovery.Dns;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>Told when another host uses a name of this one.</summary>
/// <param name="name">The name.</param>
/// <param name="isLost">Whether the other has it for sure, so that this host needs another; otherwise the name is to be asked for again.</param>
/// <param name="now">The time.</param>
/// <returns>How long to wait before it is.</returns>
internal delegate TimeSpan MdnsConflict(DnsName name, bool isLost, TimeSpan now);

/// <summary>
/// A responder (RFC 6762) on one link and for one version of IP: makes sure that its names are free, announces its records, answers for
/// them, and takes them back. It knows neither sockets nor clocks: it is told the time, and acts late only by <see cref="Advance"/>.
/// </summary>
internal sealed class MdnsLink(IDatagramSender sender, Random random, MdnsConflict conflict)
{
    private const int Probes = 3, Announcements = 2, MaxData = 2048;

    /// <summary>The most records of another host that are compared with the own ones for a name: its last ones do not count.</summary>
    private const int MaxRivals = 64;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250), Second = TimeSpan.FromSeconds(1);

    private readonly MdnsAnswers _answers = new(sender, random);
    private readonly DnsWriter _writer = new();
    private IReadOnlyList<MdnsEntry> _entries = [];
    private bool _isProbing;
    private bool _isKnown;          // others have been told of the records
    private int _steps;             // probes or announcements that were sent
    private TimeSpan? _next;        // when the next one is

    /// <summary>When <see cref="Advance"/> is to be called; null: not before something else happens.</summary>
    public TimeSpan? Due => _isProbing || _answers.Due is not { } due || _next <= due ? _next : due;

    /// <summary>Whether all of the link knows it, under names that are its own.</summary>
    public bool IsSettled => !_isProbing && _next is null && _entries.Count > 0;

    /// <summary>Has these records from now on.</summary>
    /// <param name="records">All of them.</param>
    /// <param name="areNamesLost">Whether a name of the former ones belongs to another host now.</param>
    /// <param name="wait">How long to wait before names are asked for.</param>
    /// <param name="now">The time.</param>
    public void Set(IReadOnlyList<DnsRecord> records, bool areNamesLost, TimeSpan wait, TimeSpan now)
    {
        var former = _entries;
        if (_isKnown)
        {
            _answers.Withdraw(former.Where(entry => IsGone(entry.Record, records, areNamesLost)));
        }

        var entries = records.Select(record =>
            former.FirstOrDefault(entry => !entry.IsAbsence && entry.Record.IsSame(record)) ?? new MdnsEntry(record, isAbsence: false)).ToList();
        foreach (var name in UniqueNames(entries))
        {
            var types = records.Where(record => record.Name.Equals(name)).Select(static record => record.Type);
            entries.Add(new MdnsEntry(DnsRecord.NoOthers(name, types, DnsRecord.HostTime), isAbsence: true));
        }

        _entries = _answers.Entries = entries;
        if (_isProbing || areNamesLost || UniqueNames(entries).Any(name => !former.Any(entry => entry.Record.Name.Equals(name))))
        {
            Probe(wait + TimeSpan.FromMilliseconds(random.Next((int)Between.TotalMilliseconds)), now);
        }
        else
        {
            Announce(now);
        }
    }

    /// <summary>Takes everything back: others forget it at once.</summary>
    public void End()
    {
        if (_isKnown)
        {
            _answers.Withdraw(_entries);
        }

        _entries = _answers.Entries = [];
        (_isKnown, _isProbing, _next) = (false, false, null);
    }

    /// <summary>Does what is due.</summary>
    public void Advance(TimeSpan now)
    {
        while (_next <= now)
        {
            if (_isProbing && _steps < Probes)
            {
                SendProbe();
                _steps++;
                _next = now + Between;
            }
            else if (_isProbing)
            {
                Announce(now);
            }
            else
            {
                _answers.Announce(now);
                _isKnown = true;
                _steps++;
                _next = _steps < Announcements ? now + Second : null;
            }
        }

        if (!_isProbing)
        {
            _answers.Advance(now);
        }
    }

    /// <summary>Takes a message of another host.</summary>
    /// <param name="message">The message.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="mayReply">Whether an answer may go to the sender alone: it is on this link.</param>
    /// <param name="isOwn">
    /// Whether it comes from another responder of this machine. The machine's name is rather that one's (Avahi, Bonjour): it never has to give it up.
    /// </param>
    /// <param name="now">The time.</param>
    public void Receive(ReadOnlySpan<byte> message, IPEndPoint source, bool mayReply, bool isOwn, TimeSpan now)
    {
        if (!DnsReader.TryOpen(message, out var reader) || !reader.IsPlain || _entries.Count == 0)
        {
            return;
        }

        if (reader.IsResponse)
        {
            // Others than responders have another port (RFC 6762 6).
            if (source.Port == MdnsResponder.Port)
            {
                ReadRecords(reader, yields: isOwn, now);
            }
        }
        else if (_isProbing)
        {
            ReadRivalProbe(reader, now);
        }
        else if (!isOwn || reader.Authorities == 0 || !ReadRecords(reader, yields: true, now))
        {
            _answers.Read(reader, source, mayReply, now);
        }
    }

    /// <summary>
    /// Whether others must be told that a record is no more. One that is unique and has a successor is replaced by that; and where a name
    /// belongs to another, what is unique to it is the other's affair.
    /// </summary>
    private static bool IsGone(DnsRecord former, IReadOnlyList<DnsRecord> records, bool areNamesLost) =>
        !records.Any(former.IsSame)
        && (!former.IsUnique || (!areNamesLost && !records.Any(record => record.Type == former.Type && record.Name.Equals(former.Name))));

    private static DnsName[] UniqueNames(IEnumerable<MdnsEntry> entries) =>
        [.. entries.Where(static entry => entry is { IsAbsence: false, Record.IsUnique: true }).Select(static entry => entry.Record.Name).Distinct()];

    private void Probe(TimeSpan wait, TimeSpan now) => (_isProbing, _steps, _next) = (true, 0, now + wait);

    private void Announce(TimeSpan now) => (_isProbing, _steps, _next) = (false, 0, now);

    /// <summary>
    /// Asks for the names, and says what it would have them for (RFC 6762 8.1). Answers go to all: another responder of this machine has the
    /// same port, and one sent to this host alone might reach that (15.1).
    /// </summary>
    private void SendProbe()
    {
        _writer.Begin(0, isResponse: false);
        foreach (var name in UniqueNames(_entries))
        {
            _writer.Probe(name);
        }

        foreach (var entry in _entries.Where(static entry => entry is { IsAbsence: false, Record.IsUnique: true }))
        {
            _writer.TryAdd(entry.Record, DnsSection.Authority, entry.Record.TimeToLive, flush: false);
        }

        sender.Send(_writer.Message.Span);
    }

    /// <summary>Looks whether another host has a name of this one (RFC 6762 8.1 and 9), or forgets a record that is still so (6.6).</summary>
    /// <returns>Whether one is used.</returns>
    private bool ReadRecords(DnsReader response, bool yields, TimeSpan now)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        Span<byte> data = stackalloc byte[MaxData];
        var count = response.Answers + response.Authorities + response.Additionals;
        for (var i = 0; i < response.Questions; i++)
        {
            if (!response.TryReadQuestion(room, out _))
            {
                return false;
            }
        }

        for (var i = 0; i < count && response.TryReadEntry(room, out var other); i++)
        {
            if (!other.IsInternet)
            {
                continue;
            }

            DnsName? used = null;
            var (isSame, isHost) = (false, false);
            foreach (var entry in _entries)
            {
                if (entry.IsAbsence || !entry.Record.Name.Is(room[..other.NameLength]))
                {
                    continue;
                }

                if (entry.Record.Type == other.Type && other.TryReadData(data, out var length) && entry.Record.HasData(data[..length]))
                {
                    isSame = true;
                    if (response.IsResponse && !_isProbing && other.TimeToLive < entry.Record.TimeToLive / 2)
                    {
                        _answers.Repeat(entry, now);
                    }
                }
                else if (entry.Record.IsUnique && (_isProbing || entry.Record.Type == other.Type))
                {
                    (used, isHost) = (entry.Record.Name, entry.Record.Type is DnsType.A or DnsType.Aaaa);
                }
            }

            if (used is not null && !isSame && other.TimeToLive > 0 && (response.IsResponse || isHost))
            {
                var isLost = _isProbing || (yields && isHost);
                var wait = conflict(used, isLost, now);
                if (!isLost)
                {
                    Probe(wait, now);
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Another host asks for the same name at the same time: who has the greater records gets it, the other waits (RFC 6762 8.2).</summary>
    private void ReadRivalProbe(DnsReader probe, TimeSpan now)
    {
        Span<byte> room = stackalloc byte[DnsName.MaxSize];
        Span<byte> data = stackalloc byte[MaxData];
        for (var i = 0; i < probe.Questions; i++)
        {
            if (!probe.TryReadQuestion(room, out _))
            {
                return;
            }
        }

        var rivals = new List<(DnsName Name, DnsType Type, byte[] Data)>();
        for (var i = 0; i < probe.Answers + probe.Authorities && probe.TryReadEntry(room, out var other); i++)
        {
            if (i < probe.Answers || rivals.Count == MaxRivals)
            {
                continue;
            }

            foreach (var name in UniqueNames(_entries))
            {
                if (other.IsInternet && name.Is(room[..other.NameLength]) && other.TryReadData(data, out var length))
                {
                    rivals.Add((name, other.Type, data[..length].ToArray()));
                }
            }
        }

        foreach (var rival in rivals.GroupBy(static rival => rival.Name))
        {
            var own = _entries.Where(entry => entry is { IsAbsence: false, Record.IsUnique: true } && entry.Record.Name.Equals(rival.Key))
                .Select(static entry => (entry.Record.Type, entry.Record.Data.ToArray()));
            if (Compare([.. own], [.. rival.Select(static one => (one.Type, one.Data))]) < 0)
            {
                Probe(Second, now);
                return;
            }
        }
    }

    private static int Compare((DnsType Type, byte[] Data)[] own, (DnsType Type, byte[] Data)[] other)
    {
        Array.Sort(own, CompareOne);
        Array.Sort(other, CompareOne);
        for (var i = 0; i < Math.Min(own.Length, other.Length); i++)
        {
            if (CompareOne(own[i], other[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return own.Length - other.Length;
    }

    private static int CompareOne((DnsType Type, byte[] Data) one, (DnsType Type, byte[] Data) other) =>
        one.Type != other.Type ? one.Type.CompareTo(other.Type) : one.Data.AsSpan().SequenceCompareTo(other.Data);
}
