using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Diagnostics;

public class RefusalLogTests
{
    private static readonly IPEndPoint Peer = new(IPAddress.Parse("192.0.2.1"), 1);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger _log = new();
    private readonly RefusalLog _refusals;

    public RefusalLogTests() => _refusals = new RefusalLog(_log, _time);

    [Fact]
    public void TheFirstIsToldAtOnceAndTheOthersOnceAMinute()
    {
        for (var i = 0; i < 80; i++)
        {
            Tell("alice");
        }

        Assert.DoesNotContain("more like it", Assert.Single(_log.Entries).Text, StringComparison.Ordinal);
        Pass(TimeSpan.FromSeconds(59));
        Assert.Single(_log.Entries);
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _log.Entries.Count);
        Assert.Contains("(and 78 more like it in the last minute)", _log.Entries.Last().Text, StringComparison.Ordinal);

        // Quiet: forgotten, and the next is told at once.
        Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(2, _log.Entries.Count);
        Tell("alice");
        Assert.Equal(3, _log.Entries.Count);
    }

    [Fact]
    public void WhatDiffersIsToldByItself()
    {
        Tell("alice");
        Tell("bob");
        _refusals.Tell("other", ClientNetwork.Of(Peer.Address), "alice", (log, repeats) => RefusalMessages.NotSmb(log, Peer, "x", repeats));
        _refusals.Tell(
            nameof(RefusalMessages.Smb1Only), ClientNetwork.Of(IPAddress.Parse("192.0.2.2")), "alice",
            (log, repeats) => RefusalMessages.Smb1Only(log, Peer, repeats));
        Assert.Equal(4, _log.Entries.Count);
    }

    [Fact]
    public void ACrowdSharesOneLine()
    {
        for (var i = 0; i < 100_000; i++)
        {
            Tell("user" + i);
        }

        Assert.InRange(_log.Entries.Count, 1, 1_100);
        var before = _log.Entries.Count;
        Pass(TimeSpan.FromMinutes(1));
        Assert.Contains(_log.Entries.Skip(before), entry => entry.Text.Contains("more like it", StringComparison.Ordinal));
        Assert.InRange(_log.Entries.Count - before, 1, 3);
    }

    [Fact]
    public void WhatWasLeftOutIsToldWhenTheServerStops()
    {
        Tell("alice");
        Tell("alice");
        _refusals.Flush();
        Assert.Equal(2, _log.Entries.Count);
        _refusals.Flush();
        Assert.Equal(2, _log.Entries.Count);
    }

    private void Tell(string who) => _refusals.Tell(
        nameof(RefusalMessages.Smb1Only), ClientNetwork.Of(Peer.Address), who,
        (log, repeats) => RefusalMessages.Smb1Only(log, Peer, repeats));

    private void Pass(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _refusals.Watch();
        }
    }
}
