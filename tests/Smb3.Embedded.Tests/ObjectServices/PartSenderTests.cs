extern alias S3Package;

using S3Package::Smb3.Embedded.ObjectServices;
using Xunit;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>The memory of uploads in parts, which both packages send by the same code.</summary>
public sealed class PartSenderTests
{
    private const int Part = 1000;

    /// <summary>However many threads send them, and however many files there are.</summary>
    [Fact]
    public async Task There_are_no_more_buffers_than_parts_under_way()
    {
        using var sender = new PartSender(Part, 3);
        var buffers = new HashSet<byte[]>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var sent = await sender.SendAsync(
                new MemoryStream(new byte[(20 * Part) + i]),
                async (_, part, token) =>
                {
                    Assert.True(((MemoryStream)part).TryGetBuffer(out var buffer));
                    lock (buffers)
                    {
                        buffers.Add(buffer.Array!);
                    }

                    await Task.Delay(Random.Shared.Next(2), token);
                    return part.Length;
                },
                CancellationToken.None);
            Assert.Equal((20 * Part) + i, sent.Sum());
        })));

        // The last parts are so short that they are none of these.
        Assert.InRange(buffers.Count(static buffer => buffer.Length == Part), 1, 3);
    }
}
