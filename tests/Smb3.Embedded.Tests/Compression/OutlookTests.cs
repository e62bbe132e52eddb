using Smb3.Embedded.Compression;
using Xunit;

namespace Smb3.Embedded.Tests.Compression;

/// <summary>What cannot be compressed is looked at seldom, and little of it.</summary>
public sealed class OutlookTests
{
    [Theory]
    [InlineData(4096, 128)]
    [InlineData(CompressionOutlook.LongData - 1, 128)]
    [InlineData(CompressionOutlook.LongData, 33)]
    [InlineData(1 << 20, 33)]
    public void Where_nothing_is_gained_looks_become_seldom_and_the_shorter_the_messages_the_more(int length, int apart)
    {
        var outlook = new CompressionOutlook();
        var looks = new List<int>();
        for (var message = 0; message < 1000; message++)
        {
            if (outlook.ShouldLook(length))
            {
                looks.Add(message);
                outlook.Tell(gained: false);
            }
        }

        Assert.Equal(0, looks[0]);
        Assert.InRange(looks[1], 1, 2);
        Assert.Equal(apart, looks[^1] - looks[^2]);

        // One that gains is enough, and every one is looked at again.
        outlook.Tell(gained: true);
        Assert.True(outlook.ShouldLook(length) && outlook.ShouldLook(length));
    }

    [Theory]
    [InlineData("text", true)]
    [InlineData("source", true)]
    [InlineData("json", true)]
    [InlineData("run", true)]
    [InlineData("office", false)]
    [InlineData("random", false)]
    public void A_short_response_is_told_by_one_piece_of_it(string kind, bool gains)
    {
        var data = Corpus.Make(kind, 200_000);
        for (var at = 1024; at < data.Length - 16_384; at += 16_384)
        {
            // An office document has a few plain bytes where one part of it begins.
            var isWhole = kind != "office" || data.AsSpan(at, 1024).IndexOf("word/part"u8) < 0;
            Assert.Equal(gains, CompressionSample.MayGain(data.AsSpan(at, 4096)) && isWhole);
        }
    }
}
