using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire.Dfs;
using Xunit;

namespace Smb3.Embedded.Tests.Wire;

/// <summary>Requests and responses of MS-DFSC, to and from bytes.</summary>
public sealed class DfsReferralTests
{
    [Theory]
    [InlineData("")]
    [InlineData(@"\server")]
    [InlineData(@"\server\corp\docs")]
    public void A_request_says_what_was_written(string path)
    {
        Assert.True(DfsReferralRequest.TryParse(FsctlInput.Referrals(path, 3), out var request));
        Assert.Equal((3, path), (request.MaxLevel, request.GetPath()));
        foreach (var site in new[] { null, string.Empty, "Here" })
        {
            Assert.True(DfsReferralRequest.TryParseExtended(FsctlInput.ReferralsEx(path, 4, site), out request));
            Assert.Equal((4, path), (request.MaxLevel, request.GetPath()));
            Assert.True(DfsReferralRequest.TryParseExtended(FsctlInput.ReferralsEx(path + '\0', 4, site), out request));
            Assert.Equal(path, request.GetPath());
        }
    }

    [Fact]
    public void A_request_that_is_cut_off_is_refused_at_every_length()
    {
        var plain = FsctlInput.Referrals(@"\server\corp");
        for (var length = 0; length < plain.Length; length++)
        {
            // Without its last byte the terminating zero is only half there.
            Assert.False(DfsReferralRequest.TryParse(plain.AsSpan(0, length), out _), $"{length}");
        }

        var extended = FsctlInput.ReferralsEx(@"\server\corp", 4, "Here");
        for (var length = 0; length < extended.Length; length++)
        {
            Assert.False(DfsReferralRequest.TryParseExtended(extended.AsSpan(0, length), out _), $"{length}");
        }
    }

    [Theory]
    [InlineData(4, 0xFFFFFFFFu)] // RequestDataLength beyond the end
    [InlineData(4, 1u)]
    [InlineData(4, 0u)]
    [InlineData(8, 0x0000FFFEu)] // RequestFileNameLength beyond the data
    [InlineData(8, 0x00000003u)] // half a character
    public void A_length_that_cannot_be_is_refused(int at, uint value)
    {
        var input = FsctlInput.ReferralsEx(@"\server\corp", 4, "Here");
        var bytes = BitConverter.GetBytes(value);
        bytes.AsSpan(0, at == 8 ? 2 : 4).CopyTo(input.AsSpan(at));
        Assert.False(DfsReferralRequest.TryParseExtended(input, out _));
    }

    [Fact]
    public void A_site_that_is_announced_must_be_there()
    {
        var input = FsctlInput.ReferralsEx(@"\server\corp");
        input[2] = 1;
        Assert.False(DfsReferralRequest.TryParseExtended(input, out _));
    }

    [Fact]
    public void Bytes_changed_at_random_never_read_outside()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var input = i % 2 == 0 ? FsctlInput.Referrals(@"\s\c\d") : FsctlInput.ReferralsEx(@"\s\c\d", 4, "x");
            input[random.Next(input.Length)] ^= (byte)(1 << random.Next(8));
            var cut = input.AsSpan(0, random.Next(input.Length + 1));
            if (i % 2 == 0 ? DfsReferralRequest.TryParse(cut, out var request) : DfsReferralRequest.TryParseExtended(cut, out request))
            {
                Assert.True(request.GetPath().Length * 2 <= cut.Length);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_response_is_read_back_in_every_version(ushort version)
    {
        var answer = DfsReferralAnswer.Parse(Response(version).TryWrite(65536));
        Assert.Equal(24, answer.PathConsumed);
        Assert.Equal(version == 4 ? 7u : 3u, answer.Flags);
        Assert.Equal([@"\one\corp", @"\two\corp"], answer.Targets);
        Assert.All(answer.Entries, entry => Assert.Equal((version, 1), (entry.Version, (int)entry.ServerType)));
        Assert.Equal(version == 4 ? [4, 0] : new[] { 0, 0 }, answer.Entries.Select(entry => (int)entry.Flags));
        if (version > 1)
        {
            Assert.All(answer.Entries, entry => Assert.Equal(
                (300u, @"\server\corp", @"\server\corp"), (entry.TimeToLive, entry.Path, entry.AlternatePath)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_response_has_whole_entries_only_and_no_more_than_fit(ushort version)
    {
        var all = Response(version).TryWrite(65536)!.Length;
        var one = (Response(version) with { Entries = [new(@"\one\corp", true)] }).TryWrite(65536)!.Length;
        for (var room = 0; room <= all; room++)
        {
            var output = Response(version).TryWrite(room);
            if (room < one)
            {
                Assert.Null(output);
            }
            else
            {
                Assert.Equal(room < all ? one : all, output!.Length);
                Assert.Equal(room < all ? 1 : 2, DfsReferralAnswer.Parse(output).Entries.Count);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_response_never_grows_beyond_what_its_offsets_reach(ushort version)
    {
        var response = Response(version) with
        {
            Entries = [.. Enumerable.Range(0, 3000).Select(i => new DfsReferralEntry($@"\server{i}\share\folder", i == 0))],
        };
        var answer = DfsReferralAnswer.Parse(response.TryWrite(8 << 20));
        Assert.InRange(answer.Entries.Count, 500, 2999);
        Assert.Equal(response.Entries.Take(answer.Entries.Count).Select(entry => entry.Target), answer.Targets);
        Assert.Null((response with { Path = new string('x', 32767) }).TryWrite(8 << 20) is { } output && version > 1 ? output : null);
    }

    [Fact]
    public void A_response_without_targets_says_so() =>
        Assert.Empty(DfsReferralAnswer.Parse((Response(4) with { Entries = [] }).TryWrite(65536)).Entries);

    private static DfsReferralResponse Response(ushort version) => new()
    {
        Version = version,
        PathConsumed = 24,
        Flags = DfsReferralFlags.ReferralServers | DfsReferralFlags.StorageServers | DfsReferralFlags.TargetFailback,
        IsRoot = true,
        TimeToLive = 300,
        Path = @"\server\corp",
        Entries = [new(@"\one\corp", true), new(@"\two\corp", false)],
    };
}
