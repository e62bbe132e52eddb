using System.Diagnostics;
using System.Text;
using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.ExtendedAttributes;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Lists of extended attributes as clients send them: as long as a request, with names of their choice.</summary>
public sealed class AttributeListTests
{
    /// <summary>8 MiB of names that all differ: a walk for each of them took minutes, on the connection's own thread.</summary>
    [Fact]
    public void A_list_of_very_many_names_is_walked_once()
    {
        const int Count = 300_000;
        var buffer = new byte[8 << 20];
        var cursor = new EntryListCursor(4);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(FullEaInformation.TryWrite(ref cursor, buffer, 0, Encoding.ASCII.GetBytes($"{i:X6}"), [1]));
        }

        var watch = Stopwatch.StartNew();
        Assert.Equal(NtStatus.Success, EaFacts.Read(buffer.AsSpan(0, cursor.Length), out var attributes));
        Assert.Equal(Count, attributes.Count);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
    }

    [Fact]
    public void A_name_that_comes_again_counts_as_it_came_last()
    {
        var list = SetBuffer.FullEa(("A"u8.ToArray(), [1]), ("B"u8.ToArray(), [2]), ("a"u8.ToArray(), [3]), ("C"u8.ToArray(), []));
        Assert.Equal(NtStatus.Success, EaFacts.Read(list, out var attributes));
        Assert.Equal(["a 03", "B 02", "C "], attributes.Select(attribute => $"{attribute.Name} {Convert.ToHexString(attribute.Value.Span)}"));
    }

    [Fact]
    public void No_cut_list_reads_outside_itself()
    {
        var list = SetBuffer.FullEa(("A"u8.ToArray(), [1]), ("LONGER"u8.ToArray(), [2, 3, 4]), ("C"u8.ToArray(), [5]));
        for (var length = 1; length < list.Length; length++)
        {
            // In an array of its own, so that a byte too far throws. A list may end where the next entry would begin.
            if (EaFacts.Read(list.AsSpan(0, length).ToArray(), out var attributes) == NtStatus.Success)
            {
                Assert.All(attributes, attribute => Assert.Equal(attribute.Name == "A" ? 1 : 3, attribute.Value.Length));
            }
        }

        for (var at = 0; at < list.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                _ = EaFacts.Read(list.Patched(at, (byte)(list[at] ^ (1 << bit))), out _);
            }
        }
    }
}
