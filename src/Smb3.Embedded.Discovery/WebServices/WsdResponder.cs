using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>
/// A target service of WS-Discovery (April 2005): says hello and bye on each link, and answers who looks for computers or for this one. Answers
/// to probes go late, at random, so that devices do not all answer together, and no answer goes off the link.
/// </summary>
internal sealed class WsdResponder(PublishedComputer computer, SoapMessages messages, Random random) : IResponder
{
    /// <summary>APP_MAX_DELAY: milliseconds, the latest that an answer or a hello begins.</summary>
    private const int MaxDelay = 500;

    /// <summary>SOAP-over-UDP: everything is sent twice, the second time after 50 to 250 milliseconds.</summary>
    private const int MinRepeat = 50, MaxRepeat = 250;

    private const int MaxWaiting = 64, AnswersPerSecond = 20, AnswersAtOnce = 40;

    private readonly Dictionary<(int Link, AddressFamily Family), (Link Link, IDatagramSender Sender)> _links = [];
    private readonly List<(TimeSpan Due, IDatagramSender Sender, byte[] Message, IPEndPoint? To)> _waiting = [];
    private readonly SeenMessages _seen = new();
    private readonly AnswerBudget _budget = new(AnswersPerSecond, AnswersAtOnce);

    /// <summary>Gives the sender for a link and a version of IP; null: there is none now.</summary>
    public required Func<Link, AddressFamily, IDatagramSender?> Open { get; init; }

    public TimeSpan? Due => _waiting.Count == 0 ? null : _waiting.Min(static one => one.Due);

    public void Update(Announcement server, IReadOnlyList<Link> links, TimeSpan now)
    {
        foreach (var (key, (_, sender)) in _links.ToArray())
        {
            if (!links.Any(one => one.Index == key.Link && one.Has(key.Family)))
            {
                _waiting.RemoveAll(one => one.Sender == sender);
                sender.Dispose();
                _links.Remove(key);
            }
        }

        foreach (var link in links)
        {
            foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
            {
                var key = (link.Index, family);
                if (!link.Has(family) || (_links.TryGetValue(key, out var known) && known.Link.IsLike(link))
                    || (known.Sender ?? Open(link, family)) is not { } sender)
                {
                    continue;
                }

                // Also when only its addresses are others: a hello tells them.
                _links[key] = (link, sender);
                SendTwice(sender, messages.Hello(link, family), to: null, now + TimeSpan.FromMilliseconds(random.Next(MaxDelay)));
            }
        }
    }

    public void Receive(int link, ReadOnlySpan<byte> message, IPEndPoint source, bool isToAll, TimeSpan now)
    {
        // What does not come from this link is neither read nor answered, so that nothing goes to who is made to look like it had asked.
        if (!_links.TryGetValue((link, source.AddressFamily), out var known) || !known.Link.IsOnLink(source.Address) || _waiting.Count >= MaxWaiting
            || SoapRequest.Parse(message) is not { } request)
        {
            return;
        }

        var isProbe = request.Action == SoapNames.Probe && IsMeant(request);
        var isResolve = request.Action == SoapNames.Resolve && request.Address.Equals(computer.Address, StringComparison.OrdinalIgnoreCase);
        if ((isProbe || isResolve) && _seen.TryAdd(request.MessageId) && _budget.TryTake(now))
        {
            var answer = isProbe ? messages.ProbeMatches(known.Link, source.AddressFamily, request.MessageId)
                : messages.ResolveMatches(known.Link, source.AddressFamily, request.MessageId);
            SendTwice(known.Sender, answer, source, now + TimeSpan.FromMilliseconds(isProbe ? random.Next(MaxDelay) : 0));
            Advance(now);
        }
    }

    public void Advance(TimeSpan now)
    {
        foreach (var one in _waiting.Where(one => one.Due <= now).OrderBy(static one => one.Due).ToArray())
        {
            _waiting.Remove(one);
            Send(one.Sender, one.Message, one.To);
        }
    }

    public void End()
    {
        _waiting.Clear();
        foreach (var (_, sender) in _links.Values)
        {
            var bye = messages.Bye();
            Send(sender, bye, to: null);
            Send(sender, bye, to: null);
            sender.Dispose();
        }

        _links.Clear();
    }

    /// <summary>All types that are looked for are the server's, and it has no scopes (WS-Discovery 5.1).</summary>
    private static bool IsMeant(SoapRequest request) =>
        !request.HasScopes && request.Types.All(static type => type is (SoapNames.Devices, "Device") or (SoapNames.Publication, "Computer"));

    private static void Send(IDatagramSender sender, byte[] message, IPEndPoint? to)
    {
        if (to is null)
        {
            sender.Send(message);
        }
        else
        {
            sender.Send(message, to);
        }
    }

    private void SendTwice(IDatagramSender sender, byte[] message, IPEndPoint? to, TimeSpan first)
    {
        _waiting.Add((first, sender, message, to));
        _waiting.Add((first + TimeSpan.FromMilliseconds(random.Next(MinRepeat, MaxRepeat)), sender, message, to));
    }
}
